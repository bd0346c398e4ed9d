/**
 * Sending ether: what, what it costs, yes. What comes of it is in the activity.
 * @module
 */

import { ClientError } from "../../pkg/index.js";
import { proofMark } from "../components/mark.js";
import { amount, failure, field, hex } from "../components/parts.js";
import { ETHER_DECIMALS, formatAmount, parseAmount, sameAddress, shorten } from "../format.js";
import { html, nothing } from "../lit.js";
import { go } from "../route.js";
import { heardTransaction } from "../session.js";
import { changed, state } from "../store.js";
import { clearTask, perform, task } from "../tasks.js";

/** @typedef {import("../../pkg/index.js").Quote} Quote */
/** @typedef {import("../../pkg/index.js").Transfer} Transfer */
/** @typedef {import("../lit.js").Template} Template */

const GWEI_DECIMALS = 9;

/**
 * The transfer that was reviewed, with what it costs; the confirmation is for exactly this one.
 * @type {{ transfer: Transfer, answer: import("../answers.js").Answer<import("../../pkg/index.js").Proven<Quote>> } | null}
 */
let reviewed = null;

/** @returns {Template} */
export function send() {
  const accounts = state.accounts ?? [];
  if (accounts.length === 0) return nothing;
  const { to = "", amount: written = "" } = state.route.parameters;
  const from = sender();
  const problem = task("quote").busy || written === "" ? null : amountProblem(written);
  return html`<section class="card" aria-labelledby="send-title">
    <h2 id="send-title">Send ether</h2>
    <form class="stack" @submit=${review}>
      ${field({
        id: "send-from",
        label: "From",
        input: () =>
          html`<select id="send-from" data-testid="send-from" @change=${typed("from")}>
            ${accounts.map(({ address, locked }) => html`<option value=${address} .selected=${address === from}>${shorten(address, 12, 8)}${locked ? " (locked)" : ""}</option>`)}
          </select>`,
      })}
      ${field({
        id: "send-to",
        label: "To",
        input: () =>
          html`<input
            id="send-to"
            data-testid="send-to"
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            placeholder="0x…"
            .value=${to}
            @input=${typed("to")}
          />`,
      })}
      ${field({
        id: "send-amount",
        label: "Amount in ether",
        problem,
        input: (described) =>
          html`<input
            id="send-amount"
            data-testid="send-amount"
            inputmode="decimal"
            autocomplete="off"
            placeholder="0.0"
            aria-describedby=${described === "" ? nothing : described}
            aria-invalid=${problem !== null}
            .value=${written}
            @input=${typed("amount")}
          />`,
      })}
      ${failure(task("quote").error, "send-error")}
      <button type="submit" class="button-main" data-testid="send-review" ?disabled=${task("quote").busy}>
        ${task("quote").busy ? "Proving the price…" : "Review"}
      </button>
    </form>
    ${confirmation()}
  </section>`;
}

/** @returns {Template} */
function confirmation() {
  const quote = reviewed?.answer.result?.value;
  if (reviewed === null || quote === undefined) return nothing;
  const { transfer, answer } = reviewed;
  return html`<div class="confirm" role="group" aria-labelledby="confirm-title">
    <h3 id="confirm-title" tabindex="-1">Send ${amount(transfer.value, ETHER_DECIMALS, "ETH")}</h3>
    <dl class="facts facts-wide">
      <div>
        <dt>To</dt>
        <dd>${hex(transfer.to, { head: 12, tail: 10 })}</dd>
      </div>
      <div>
        <dt>Fee, at most</dt>
        <dd>${amount(quote.maxCost - transfer.value, ETHER_DECIMALS, "ETH")} ${proofMark(answer, "Price of gas")}</dd>
      </div>
      <div>
        <dt>Total, at most</dt>
        <dd>${amount(quote.maxCost, ETHER_DECIMALS, "ETH")}</dd>
      </div>
      <div>
        <dt>Gas price, at most</dt>
        <dd>
          ${formatAmount(quote.maxFeePerGas, GWEI_DECIMALS)} gwei, of which
          ${formatAmount(quote.maxPriorityFeePerGas, GWEI_DECIMALS)} for the proposer
        </dd>
      </div>
    </dl>
    ${failure(task("send").error, "send-error")}
    <p class="buttons">
      <button
        type="button"
        class="button-main"
        data-testid="send-confirm"
        ?disabled=${task("send").busy}
        @click=${confirm}
      >
        ${task("send").busy ? "Signing…" : "Confirm and send"}
      </button>
      <button type="button" @click=${cancel}>Cancel</button>
    </p>
  </div>`;
}

/** The chosen account, or else the first that is unlocked. */
function sender() {
  const accounts = state.accounts ?? [];
  const chosen = accounts.find(({ address }) => sameAddress(address, state.route.parameters["from"]));
  return (chosen ?? accounts.find(({ locked }) => !locked) ?? accounts[0])?.address ?? "";
}

/** @param {string} written */
function amountProblem(written) {
  const parsed = parseAmount(written, ETHER_DECIMALS);
  return "error" in parsed ? parsed.error : null;
}

/** @param {string} name */
function typed(name) {
  return (/** @type {Event} */ event) => {
    cancel();
    const { value } = /** @type {HTMLInputElement | HTMLSelectElement} */ (event.target);
    go("accounts", { ...state.route.parameters, [name]: value }, { replace: true });
  };
}

/** @param {SubmitEvent} event */
async function review(event) {
  event.preventDefault();
  const { client } = state;
  if (client === null) return;
  cancel();
  await perform("quote", async () => {
    const { to = "", amount: written = "" } = state.route.parameters;
    const parsed = parseAmount(written, ETHER_DECIMALS);
    if ("error" in parsed) throw new ClientError("invalid_argument", parsed.error);
    const transfer = { from: sender(), to: to.trim(), value: parsed.amount };
    const result = await client.quote(transfer);
    reviewed = { transfer, answer: { result, heardAt: performance.now(), error: null, busy: false } };
  });
  if (reviewed !== null)
    requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById("confirm-title")?.focus()));
}

async function confirm() {
  const { client } = state;
  if (client === null || reviewed === null) return;
  const { transfer } = reviewed;
  const sent = await perform("send", () => client.send(transfer));
  if (sent === undefined) return;
  reviewed = null;
  heardTransaction(sent);
  const { from: _, to: __, amount: ___, ...rest } = state.route.parameters;
  go("accounts", rest, { replace: true });
  document.getElementById("activity-title")?.focus();
}

function cancel() {
  reviewed = null;
  clearTask("quote");
  clearTask("send");
  changed();
}
