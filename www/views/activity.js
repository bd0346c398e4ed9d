/**
 * What was sent from here, stage by stage until its receipt is proven and final.
 * @module
 */

import { isSynced, slotAge } from "../clock.js";
import { mark } from "../components/mark.js";
import { amount, hex, inert } from "../components/parts.js";
import { ETHER_DECIMALS, formatCount, formatTime, shorten } from "../format.js";
import { html, nothing, repeat } from "../lit.js";
import { changed, state } from "../store.js";
import { perform } from "../tasks.js";

/** @typedef {import("../../pkg/index.js").TransactionStatus} TransactionStatus */
/** @typedef {import("../lit.js").Template} Template */

/** @type {readonly { stage: TransactionStatus["stage"], name: string }[]} */
const STAGES = Object.freeze([
  { stage: "signed", name: "Signed" },
  { stage: "sent", name: "Sent" },
  { stage: "included", name: "Receipt proven" },
  { stage: "final", name: "Final" },
]);

const SUPPORT_WORDS = Object.freeze(["Against", "For", "Abstain"]);

/** @returns {Template} */
export function activity() {
  return html`<section class="card" aria-labelledby="activity-title">
    <h2 id="activity-title" tabindex="-1">Activity</h2>
    ${
      state.transactions.length === 0
        ? html`<p class="quiet">Nothing was sent from this browser yet.</p>`
        : html`<ul class="rows">
            ${repeat(state.transactions, ({ hash }) => hash, row)}
          </ul>`
    }
  </section>`;
}

/**
 * The stages as a list, with the one reached marked.
 * @param {TransactionStatus} transaction
 * @returns {Template}
 */
export function stages({ stage }) {
  if (stage === "failed") return nothing;
  const reached = STAGES.findIndex((step) => step.stage === stage);
  return html`<ol class="stages">
    ${STAGES.map(({ name }, index) => html`<li data-reached=${index <= reached} aria-current=${index === reached ? "step" : nothing}>${name}</li>`)}
  </ol>`;
}

/** @param {TransactionStatus} transaction */
function row(transaction) {
  const { hash, stage, kind, message, createdAt, blockNumber, success, proof } = transaction;
  const reverted = success === false;
  return html`<li
    class="tx-row"
    data-testid="tx-row"
    data-hash=${hash}
    data-stage=${stage}
    data-kind=${kind}
    data-proven=${proof !== null}
  >
    <div class="account-line">
      <div class="tx-what">${what(transaction)}</div>
      <span class="tx-state ${reverted || stage === "failed" ? "bad" : ""}" data-testid="tx-stage" data-stage=${stage}
        >${stageWords(transaction)}${proof === null ? nothing : receiptMark(proof)}</span
      >
    </div>
    ${stages(transaction)}
    <p class="quiet" aria-live="polite">${inert(message)}</p>
    <p class="quiet small">
      ${formatTime(createdAt)}${blockNumber === null ? nothing : html` · block ${formatCount(blockNumber)}`} ·
      ${hex(hash, { head: 8, tail: 6 })}
      <button type="button" class="link" @click=${() => forget(hash)}>Forget</button>
    </p>
  </li>`;
}

/**
 * A receipt was proven once, maybe before a reload: its age is that of its slot.
 * @param {import("../../pkg/index.js").Proof} proof
 */
function receiptMark(proof) {
  return mark({
    subject: "Receipt of the transaction",
    proof: { ...proof, ageSeconds: slotAge(proof.slot) ?? proof.ageSeconds },
    heardAt: performance.now(),
    current: isSynced(),
    testid: "tx-proof",
  });
}

/** @param {TransactionStatus} transaction */
function what({ kind, to, value, vote }) {
  if (kind === "vote" && vote !== null) {
    return html`Vote <strong>${SUPPORT_WORDS[vote.support]}</strong> on proposal
      <code title=${vote.proposalId}>${shorten(vote.proposalId, 8, 4)}</code>`;
  }
  return html`${amount(value, ETHER_DECIMALS, "ETH")} <span class="quiet">to</span>
    <code title=${to}>${shorten(to, 8, 6)}</code>`;
}

/** @param {TransactionStatus} transaction */
export function stageWords({ stage, success }) {
  if (stage === "failed") return "Failed";
  if (success === false) return "Reverted, proven";
  if (stage === "included") return "Receipt proven";
  if (stage === "final") return "Receipt proven, final";
  return stage === "sent" ? "Sent, waiting for a block" : "Signed";
}

/** @param {string} hash */
async function forget(hash) {
  const { client } = state;
  if (client === null) return;
  await perform(`forget ${hash}`, async () => {
    await client.forgetTransaction(hash);
    state.transactions = state.transactions.filter((transaction) => transaction.hash !== hash);
    changed();
  });
}
