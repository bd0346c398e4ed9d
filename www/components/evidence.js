/**
 * The dialog with a number's evidence.
 * @module
 */

import { secondsSince } from "../clock.js";
import { formatCount, formatDuration, shorten } from "../format.js";
import { html, nothing } from "../lit.js";
import { changed, state } from "../store.js";
import { CLOSE, SEAL } from "./icons.js";
import { hex, inert } from "./parts.js";

/** @typedef {import("../lit.js").Template} Template */

const FINALITY_WORDS = Object.freeze({
  finalized: "Finalized: it cannot be reverted without slashing a third of the stake.",
  optimistic: "Optimistic: signed by the sync committee, not finalized yet. It can still be replaced.",
});

/** @returns {Template} */
export function evidenceDialog() {
  const { evidence } = state;
  return html`<dialog
    class="evidence"
    data-testid="proof-dialog"
    aria-labelledby="evidence-title"
    @close=${closed}
    @click=${clickedOutside}
  >
    ${evidence === null ? nothing : content(evidence)}
  </dialog>`;
}

/** Opens or closes the element as the store says; call it after drawing. */
export function settleEvidenceDialog() {
  const dialog = document.querySelector("dialog");
  if (dialog === null) return;
  if (state.evidence !== null && !dialog.open) dialog.showModal();
  else if (state.evidence === null && dialog.open) dialog.close();
}

/** @param {import("../store.js").Evidence} evidence */
function content({ subject, proof, heardAt, current }) {
  const age = formatDuration(proof.ageSeconds + secondsSince(heardAt));
  return html`<div class="evidence-body">
    <header>
      <span class="mark" data-finality=${proof.finality} data-current=${current}
        >${proof.finality === "finalized" ? SEAL.finalized : SEAL.optimistic}</span
      >
      <div>
        <h2 id="evidence-title">${current ? "Proven" : "Proven, but not current"}</h2>
        <p class="quiet">${subject}</p>
      </div>
      <button type="button" class="button-plain" aria-label="Close" @click=${close}>${CLOSE}</button>
    </header>
    ${current ? nothing : html`<p class="notice notice-warn">The newest head is older than it should be, or the number could not be renewed. It was true at this block.</p>`}
    <dl class="facts">
      <div>
        <dt>Block</dt>
        <dd>${formatCount(proof.blockNumber)}</dd>
      </div>
      <div>
        <dt>Slot</dt>
        <dd>${formatCount(proof.slot)}</dd>
      </div>
      <div>
        <dt>Age</dt>
        <dd>${age}</dd>
      </div>
      <div>
        <dt>Block hash</dt>
        <dd>${hex(proof.blockHash)}</dd>
      </div>
    </dl>
    <p class="finality" data-finality=${proof.finality}>${FINALITY_WORDS[proof.finality]}</p>
    <h3>What was checked, in this tab</h3>
    <ul class="checked">
      ${proof.checked.map((sentence) => html`<li>${inert(sentence)}</li>`)}
    </ul>
    <h3>Who supplied the bytes</h3>
    ${
      proof.peers.length === 0
        ? html`<p class="quiet">They were stored in this browser.</p>`
        : html`<ul class="suppliers">
            ${proof.peers.map((peer) => html`<li><code title=${peer}>${shorten(peer, 12, 6)}</code></li>`)}
          </ul>`
    }
    <p class="quiet small">
      None of them was believed: bytes that do not fit are dropped, and so is who sent them. What nobody can prove is
      that no newer block is being withheld: look at the age.
    </p>
  </div>`;
}

function close() {
  state.evidence = null;
  changed();
}

function closed() {
  if (state.evidence !== null) close();
}

/** @param {MouseEvent} event */
function clickedOutside(event) {
  if (event.target === event.currentTarget) close();
}
