/**
 * Overview: how far the tab has verified the chain, and who helps it.
 * @module
 */

import { headMark, openMark } from "../components/mark.js";
import { headAge, isSynced, slotSeconds } from "../clock.js";
import { failure, field, hex, inert } from "../components/parts.js";
import { formatBytes, formatCount, formatDuration, plural, shorten } from "../format.js";
import { html, nothing, svg } from "../lit.js";
import { largeLight, phase } from "../components/light.js";
import { message, networkName } from "../components/frame.js";
import { formatRoute, go } from "../route.js";
import { draft, setDraft, state } from "../store.js";

/** @typedef {import("../../pkg/index.js").Head} Head */
/** @typedef {import("../lit.js").Template} Template */

/** How many slots the strip shows. */
const STRIP_SLOTS = 32;

/** @returns {Template} */
export function overview() {
  const { status } = state;
  return html`<section class="hero">
      ${largeLight()}
      <div class="hero-words">
        <h1 tabindex="-1">${headline()}</h1>
        <p class="lead">${inert(subline())}</p>
        ${progress()} ${strip()}
      </div>
    </section>
    ${failure(state.bootError)}
    <section class="heads" aria-label="Verified heads">
      ${headCard("Head", "Newest block that the sync committee signed.", status?.optimistic ?? null, "head")}
      ${headCard("Finalized", "Newest block that cannot be reverted.", status?.finalized ?? null, "finalized")}
    </section>
    ${swarm()} ${lookup()} ${trust()}`;
}

/** @returns {Template} */
function headline() {
  const network = html`<span class="nowrap">${inert(networkName())}</span>`;
  switch (phase()) {
    case "starting":
      return html`Starting the light client`;
    case "connecting":
      return html`Looking for peers on ${network}`;
    case "syncing":
      return html`Verifying ${network}`;
    case "synced":
      return html`In step with ${network}`;
    case "ageing":
      return html`The head of ${network} is ageing`;
    case "stale_checkpoint":
      return html`The checkpoint is too old`;
    default:
      return html`Something is wrong`;
  }
}

/** @returns {string} */
function subline() {
  const head = state.status?.optimistic ?? null;
  if (phase() !== "synced" || head === null) return message();
  return `Block ${formatCount(head.blockNumber)} is ${formatDuration(headAge(head))} old, signed by ${formatCount(head.participation)} of ${formatCount(head.participationOf)} in the sync committee, and verified in this tab.`;
}

/** @returns {Template} */
function progress() {
  const steps = state.status?.progress ?? null;
  if (steps === null) return nothing;
  const from = Math.min(state.progressFrom ?? steps.period, steps.period);
  const done = steps.period - from;
  const all = Math.max(1, steps.target - from);
  return html`<div class="progress">
    <progress max=${all} value=${done} aria-label="Sync-committee periods"></progress>
    <span>${formatCount(done)} of ${plural(all, "sync-committee period")}</span>
  </div>`;
}

/** The newest slots as beads: lit where this tab verified a head. */
function strip() {
  const newest = state.slots.at(-1);
  if (newest === undefined || state.slots.length < 2) return nothing;
  const replay = typeof state.config?.fixedClockUnixMs === "number";
  const head = state.status?.optimistic;
  const behind = replay || !head ? 0 : Math.max(0, Math.floor(headAge(head) / slotSeconds()) - 1);
  const last = newest + Math.min(behind, STRIP_SLOTS);
  const first = last - STRIP_SLOTS + 1;
  const lit = new Set(state.slots);
  const seen = [...lit].filter((slot) => slot >= first).length;
  return html`<svg
    class="strip"
    viewBox="0 0 ${STRIP_SLOTS * 12} 12"
    role="img"
    aria-label="Of the last ${STRIP_SLOTS} slots, this tab verified the heads of ${seen}"
  >
    ${Array.from({ length: STRIP_SLOTS }, (_, index) => {
      const slot = first + index;
      return svg`<circle class=${lit.has(slot) ? "bead bead-lit" : "bead"} cx=${index * 12 + 6} cy="6" r=${lit.has(slot) ? 3.6 : 2}><title>slot ${formatCount(slot)}${lit.has(slot) ? ", verified" : ""}</title></circle>`;
    })}
  </svg>`;
}

/**
 * @param {string} name
 * @param {string} meaning
 * @param {Head | null} head
 * @param {"head" | "finalized"} testid
 * @returns {Template}
 */
function headCard(name, meaning, head, testid) {
  if (head === null) {
    return html`<article class="card head-card" data-proven="false">
      <h2>${name} ${openMark()}</h2>
      <p class="figure figure-pending" data-testid="${testid}-block">–</p>
      <dl class="facts">
        <div>
          <dt>Age</dt>
          <dd data-testid="${testid}-age">–</dd>
        </div>
        <div>
          <dt>Slot</dt>
          <dd data-testid="${testid}-slot">–</dd>
        </div>
        <div>
          <dt>Hash</dt>
          <dd data-testid="${testid}-hash">–</dd>
        </div>
        <div>
          <dt>From</dt>
          <dd>–</dd>
        </div>
      </dl>
      <p class="quiet small">${meaning} None is verified yet.</p>
    </article>`;
  }
  const age = headAge(head);
  return html`<article class="card head-card" data-proven="true" data-current=${isSynced()}>
    <h2>${name} ${headMark(head, name)}</h2>
    <p class="figure" data-testid="${testid}-block" data-value=${head.blockNumber}>${formatCount(head.blockNumber)}</p>
    <dl class="facts">
      <div>
        <dt>Age</dt>
        <dd data-testid="${testid}-age" data-value=${Math.floor(age)}>${formatDuration(age)}</dd>
      </div>
      <div>
        <dt>Slot</dt>
        <dd data-testid="${testid}-slot" data-slot=${head.slot}>${formatCount(head.slot)}</dd>
      </div>
      <div>
        <dt>Hash</dt>
        <dd>${hex(head.blockHash, { testid: `${testid}-hash`, head: 8, tail: 6 })}</dd>
      </div>
      <div>
        <dt>From</dt>
        <dd>
          ${head.supplier === "" ? "storage" : html`<code title=${head.supplier}>${shorten(head.supplier, 8, 5)}</code>`}
        </dd>
      </div>
    </dl>
    <p class="quiet small">${meaning}${isSynced() ? nothing : html` <strong class="stale">Not current.</strong>`}</p>
  </article>`;
}

/** @returns {Template} */
function swarm() {
  const peers = state.status?.peers ?? [];
  const connected = peers.filter((peer) => peer.state === "connected").length;
  const dropped = peers.filter((peer) => peer.state === "dropped").length;
  const bytes = peers.reduce((sum, peer) => sum + peer.bytes, 0);
  const gossip = peers.reduce((sum, peer) => sum + peer.gossip, 0);
  return html`<section class="card swarm-summary" aria-labelledby="swarm-title">
    <h2 id="swarm-title">Swarm</h2>
    <dl class="facts facts-wide">
      <div>
        <dt>Connected</dt>
        <dd data-testid="peers-count" data-value=${connected}>${plural(connected, "peer")}</dd>
      </div>
      <div>
        <dt>Dropped</dt>
        <dd>${dropped === 0 ? "none" : html`<strong class="bad">${plural(dropped, "peer")}</strong>`}</dd>
      </div>
      <div>
        <dt>Received</dt>
        <dd>${formatBytes(bytes)}</dd>
      </div>
      <div>
        <dt>Gossip</dt>
        <dd>${plural(gossip, "message")}</dd>
      </div>
    </dl>
    <a class="more" href=${formatRoute("network")}>See each peer</a>
  </section>`;
}

/** @returns {Template} */
function lookup() {
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault();
    const address = draft("quick").trim();
    if (address !== "")
      go("accounts", { address, block: typeof state.config?.fixedClockUnixMs === "number" ? "finalized" : undefined });
  };
  return html`<section class="card" aria-labelledby="quick-title">
    <h2 id="quick-title">Look up an account</h2>
    <form class="row" @submit=${submit}>
      ${field({
        id: "quick",
        label: "Address",
        input: () =>
          html`<input
            id="quick"
            autocomplete="off"
            spellcheck="false"
            placeholder="0x…"
            .value=${draft("quick")}
            @input=${(/** @type {InputEvent} */ event) => setDraft("quick", /** @type {HTMLInputElement} */ (event.target).value)}
          />`,
      })}
      <button type="submit" class="button-main">Look up</button>
    </form>
  </section>`;
}

/** @returns {Template} */
function trust() {
  return html`<section class="trust" aria-labelledby="trust-title">
    <h2 id="trust-title">What is trusted</h2>
    <p>
      The checkpoint
      ${state.config === null ? nothing : hex(state.config.checkpoint, { head: 8, tail: 6, copy: false })}, that fewer
      than a third of a sync committee collude, the code of this page, and your browser. No peer is. What cannot be
      proven is that no newer head is withheld: that is why every number has its age.
    </p>
  </section>`;
}
