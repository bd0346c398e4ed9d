/**
 * Settings: what the tab starts from, how it looks, what it keeps.
 * @module
 */

import { failure, field, hex, inert } from "../components/parts.js";
import { networkName } from "../components/frame.js";
import { plural } from "../format.js";
import { html, nothing } from "../lit.js";
import { NETWORKS, overrides, overridesProblem, setOverrides, setTheme, theme } from "../preferences.js";
import { clearStoredState } from "../session.js";
import { changed, draft, setDraft, state } from "../store.js";
import { perform, task } from "../tasks.js";

/** @typedef {import("../preferences.js").Theme} Theme */
/** @typedef {import("../lit.js").Template} Template */

/** @type {readonly { value: Theme, name: string }[]} */
const THEMES = Object.freeze([
  { value: "system", name: "As the system" },
  { value: "light", name: "Light" },
  { value: "dark", name: "Dark" },
]);

/** @returns {Template} */
export function settings() {
  return html`<h1 tabindex="-1">Settings</h1>
    ${start()} ${appearance()} ${stored()}`;
}

/** @returns {Template} */
function start() {
  const chosen = overrides();
  const own = chosen.network !== "" || chosen.checkpoint !== "" || chosen.gateways.length > 0;
  const { config } = state;
  return html`<section class="card" aria-labelledby="start-title">
    <h2 id="start-title">Where it starts</h2>
    <dl class="facts facts-wide">
      <div>
        <dt>Network</dt>
        <dd>${inert(networkName())}</dd>
      </div>
      <div>
        <dt>Checkpoint</dt>
        <dd>${config === null ? "–" : hex(config.checkpoint)}</dd>
      </div>
      <div>
        <dt>Gateways</dt>
        <dd>${plural(config?.gateways.length ?? 0, "address", "addresses")}</dd>
      </div>
      <div>
        <dt>Set by</dt>
        <dd>${own ? "you, over what this page was served with" : "what this page was served with"}</dd>
      </div>
    </dl>
    <form class="stack" @submit=${saved}>
      ${field({
        id: "own-network",
        label: "Network",
        input: () =>
          html`<select id="own-network" data-testid="settings-network">
            <option value="" .selected=${chosen.network === ""}>as served</option>
            ${NETWORKS.map((name) => html`<option value=${name} .selected=${chosen.network === name}>${name}</option>`)}
          </select>`,
      })}
      ${field({
        id: "own-checkpoint",
        label: "Checkpoint",
        hint: "Root of a recent finalized beacon block. All trust starts here: take it from a source that you trust. Empty: as served.",
        input: (described) =>
          html`<input
            id="own-checkpoint"
            data-testid="settings-checkpoint"
            autocomplete="off"
            spellcheck="false"
            placeholder="0x…"
            aria-describedby=${described}
            value=${chosen.checkpoint}
          />`,
      })}
      ${field({
        id: "own-gateways",
        label: "Gateways",
        hint: "One multiaddress a line. They need not be trusted; more of them make it harder to withhold a head from you. Empty: as served.",
        input: (described) =>
          html`<textarea
            id="own-gateways"
            data-testid="settings-gateways"
            rows="4"
            spellcheck="false"
            placeholder="/ip4/…/udp/…/webrtc-direct/certhash/…/p2p/…"
            aria-describedby=${described}
            .defaultValue=${chosen.gateways.join("\n")}
          ></textarea>`,
      })}
      ${draft("settings problem") === "" ? nothing : html`<p class="problem" role="alert">${draft("settings problem")}</p>`}
      <p class="buttons">
        <button type="submit" class="button-main" data-testid="settings-save">Save and restart</button>
        ${own ? html`<button type="button" @click=${reset}>Back to what was served</button>` : nothing}
      </p>
    </form>
  </section>`;
}

/** @returns {Template} */
function appearance() {
  return html`<section class="card" aria-labelledby="theme-title">
    <h2 id="theme-title">Appearance</h2>
    <div class="choices" role="radiogroup" aria-labelledby="theme-title">
      ${THEMES.map(
        ({ value, name }) =>
          html`<label class="choice"
            ><input
              type="radio"
              name="theme"
              value=${value}
              data-testid="theme-${value}"
              .checked=${theme() === value}
              @change=${() => themed(value)}
            /><span>${name}</span></label
          >`,
      )}
    </div>
  </section>`;
}

/** @returns {Template} */
function stored() {
  const asked = draft("clear") === "asked";
  const keys = state.accounts?.length ?? 0;
  return html`<section class="card" aria-labelledby="stored-title">
    <h2 id="stored-title">What is stored</h2>
    <p class="quiet">
      The verified state, sent transactions and your encrypted keys for this network are kept in this browser and
      nowhere else.
    </p>
    ${
      asked
        ? html`<div class="notice notice-warn" role="alert">
            <div>
              <p>
                <strong>Forget everything for this network?</strong>
                ${keys === 0 ? "" : `This deletes ${plural(keys, "key")} for ever. Whoever has no copy loses the accounts.`}
              </p>
              <p class="buttons">
                <button
                  type="button"
                  class="button-bad"
                  data-testid="clear-confirm"
                  ?disabled=${task("clear").busy}
                  @click=${() => perform("clear", clearStoredState)}
                >
                  Forget everything
                </button>
                <button type="button" @click=${() => setDraft("clear", "")}>Keep it</button>
              </p>
            </div>
          </div>`
        : html`<button type="button" data-testid="clear-state" @click=${() => setDraft("clear", "asked")}>
            Clear stored state…
          </button>`
    }
    ${failure(task("clear").error)}
  </section>`;
}

/** @param {SubmitEvent} event */
function saved(event) {
  event.preventDefault();
  const chosen = {
    network: fieldValue("own-network"),
    checkpoint: fieldValue("own-checkpoint"),
    gateways: fieldValue("own-gateways")
      .split(/\s+/)
      .filter((line) => line !== ""),
  };
  const problem = overridesProblem(chosen);
  setDraft("settings problem", problem ?? "");
  if (problem !== null) return;
  setOverrides(chosen);
  location.reload();
}

function reset() {
  setOverrides({ network: "", checkpoint: "", gateways: [] });
  location.reload();
}

/** @param {Theme} chosen */
function themed(chosen) {
  setTheme(chosen);
  changed();
}

/** @param {string} id */
function fieldValue(id) {
  return /** @type {HTMLInputElement} */ (document.getElementById(id)).value.trim();
}
