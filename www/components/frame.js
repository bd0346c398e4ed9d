/**
 * What surrounds every place: navigation, state, notes.
 * @module
 */

import { headAge } from "../clock.js";
import { formatCount, formatDuration } from "../format.js";
import { html, nothing } from "../lit.js";
import { PLACES, formatRoute } from "../route.js";
import { changed, state } from "../store.js";
import { CLOSE, PLACE_ICONS, WARNING } from "./icons.js";
import { PHASE_WORDS, phase, smallLight } from "./light.js";
import { inert } from "./parts.js";

/** @typedef {import("../lit.js").Template} Template */

export const PLACE_NAMES = Object.freeze({
  overview: "Overview",
  accounts: "Accounts",
  governance: "Governance",
  network: "Network",
  settings: "Settings",
});

/** @returns {string} */
export function networkName() {
  const network = state.config?.network;
  return typeof network === "object" ? network.name : (network ?? "");
}

/**
 * @param {Template} place
 * @param {Template} dialog
 * @returns {Template}
 */
export function frame(place, dialog) {
  return html`<a class="skip" href="#main" @click=${skipped}>Skip to content</a>
    <div class="frame">
      <header class="side">
        <a class="brand" href=${formatRoute("overview")}>${smallLight()}<span>Lampyris</span></a>
        <nav aria-label="Places">
          <ul>
            ${PLACES.map(
              (name) =>
                html`<li>
                  <a
                    href=${formatRoute(name)}
                    data-testid="nav-${name}"
                    aria-current=${state.route.place === name ? "page" : nothing}
                    >${PLACE_ICONS[name]}<span>${PLACE_NAMES[name]}</span></a
                  >
                </li>`,
            )}
          </ul>
        </nav>
        ${stateOfSync()}
      </header>
      <main id="main" tabindex="-1">${notes()}${place}</main>
    </div>
    ${dialog}`;
}

/** @returns {Template} */
function stateOfSync() {
  const now = phase();
  const head = state.status?.optimistic ?? null;
  return html`<section class="sync" aria-label="State of the chain" data-phase=${now}>
    <p class="sync-words">
      <strong data-testid="status-phase" data-phase=${now}>${PHASE_WORDS[now]}</strong>
      ${head === null ? nothing : html`<span class="sync-age">${formatDuration(headAge(head))}</span>`}
    </p>
    <p class="sync-message" data-testid="status-message">${inert(message())}</p>
    <p class="sync-network">
      ${inert(networkName())}${head === null ? nothing : html` · block ${formatCount(head.blockNumber)}`}
    </p>
  </section>`;
}

/** @returns {string} */
export function message() {
  if (state.boot === "failed")
    return state.bootError?.message ?? state.crash?.message ?? "The client could not be started.";
  return state.status?.message ?? "Loading the client.";
}

/** @returns {Template} */
function notes() {
  const { crash, config } = state;
  const replay = config?.note ?? null;
  return html`${replay === null ? nothing : html`<p class="note" data-testid="replay-note">${inert(replay)}</p>`}
  ${
    crash === null
      ? nothing
      : html`<div class="notice notice-bad" role="alert" data-testid="crash-banner">
          ${WARNING}
          <div>
            <p>
              <strong
                >${crash.part === "core" ? "The verifying core crashed" : "The connection to peers crashed"}</strong
              >
              <span class="tag">Our fault</span>
            </p>
            <p>${crashWords(crash)}</p>
            <p class="quiet small">${inert(crash.message)}</p>
          </div>
          ${
            crash.restarting
              ? html`<button type="button" class="button-plain" aria-label="Dismiss" @click=${dismissCrash}>
                  ${CLOSE}
                </button>`
              : html`<button type="button" @click=${() => location.reload()}>Reload</button>`
          }
        </div>`
  }`;
}

/** @param {{ part: string, restarting: boolean }} crash */
function crashWords({ part, restarting }) {
  if (!restarting) return "It crashed too often and was stopped. Nothing is lost: reload the page to start again.";
  if (part === "core")
    return "It was started again from what is stored. Nothing is lost; your accounts are locked again.";
  return "It was started again, and the gateways are dialled anew. Nothing is lost.";
}

function dismissCrash() {
  state.crash = null;
  changed();
}

/** The hash is the page's own: the link must not change it. @param {Event} event */
function skipped(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
