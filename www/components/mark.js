/**
 * The mark beside a proven number: it says how well it is proven, and opens the evidence. What is not proven has an open one and no evidence.
 * @module
 */

import { formatCount, formatDuration, plural } from "../format.js";
import { html } from "../lit.js";
import { isCurrent } from "../answers.js";
import { isSynced, secondsSince } from "../clock.js";
import { changed, state } from "../store.js";
import { SEAL } from "./icons.js";

/** @typedef {import("../../pkg/index.js").Head} Head */
/** @typedef {import("../../pkg/index.js").Proof} Proof */
/** @typedef {import("../lit.js").Template} Template */

/**
 * @param {import("../answers.js").Answer<{ proof: Proof }>} answer
 * @param {string} subject what the proof is of
 * @returns {Template}
 */
export function proofMark(answer, subject) {
  if (answer.result === null) return openMark();
  return mark({ subject, proof: answer.result.proof, heardAt: answer.heardAt, current: isCurrent(answer) });
}

/**
 * The mark of a head itself.
 * @param {Head} head
 * @param {string} subject
 * @returns {Template}
 */
export function headMark(head, subject) {
  return mark({ subject, proof: headProof(head), heardAt: state.statusHeardAt, current: isSynced() });
}

/**
 * @param {import("../store.js").Evidence & { testid?: string }} evidence
 * @returns {Template}
 */
export function mark({ subject, proof, heardAt, current, testid = "proof-mark" }) {
  const label = `${subject}: proven for block ${formatCount(proof.blockNumber)}, ${proof.finality}${current ? "" : ", not current"}. Show the evidence.`;
  return html`<button
    type="button"
    class="mark"
    data-testid=${testid}
    data-finality=${proof.finality}
    data-current=${current}
    aria-haspopup="dialog"
    aria-label=${label}
    title=${current ? `Proven, ${proof.finality}` : "Proven for an older block; not current"}
    @click=${() => {
      state.evidence = { subject, proof, heardAt, current };
      changed();
    }}
  >
    ${proof.finality === "finalized" ? SEAL.finalized : SEAL.optimistic}
  </button>`;
}

/** @returns {Template} */
export function openMark() {
  return html`<span class="mark mark-open" title="Not proven yet"
    >${SEAL.none}<span class="aside">not proven yet</span></span
  >`;
}

/**
 * Words for an answer that is not current; nothing where it is.
 * @param {import("../answers.js").Answer<{ proof: Proof }>} answer
 * @returns {Template | string}
 */
export function staleness(answer) {
  if (answer.result === null || isCurrent(answer)) return "";
  const { blockNumber, ageSeconds } = answer.result.proof;
  const age = formatDuration(ageSeconds + secondsSince(answer.heardAt));
  return html`<p class="stale">Not current: proven for block ${formatCount(blockNumber)}, ${age} old.</p>`;
}

/**
 * What a verified head was checked by, as a proof.
 * @param {Head} head
 * @returns {Proof}
 */
function headProof(head) {
  const { participation, participationOf } = head;
  const checked = [
    `Signed by ${plural(participation, "member")} of ${participationOf} in the sync committee; the signature was verified in this tab.`,
    "The execution block lies in the signed header, by Merkle branch.",
  ];
  if (head.finality === "finalized")
    checked.splice(1, 0, "The finalized header lies in the signed header’s state, by Merkle branch.");
  return {
    blockHash: head.blockHash,
    blockNumber: head.blockNumber,
    slot: head.slot,
    finality: head.finality,
    ageSeconds: head.ageSeconds,
    peers: head.supplier === "" ? [] : [head.supplier],
    checked,
  };
}
