/**
 * Any account's proven balances.
 * @module
 */

import { ask, isCurrent, renewAllAnswers } from "../answers.js";
import { openMark, proofMark, staleness } from "../components/mark.js";
import { amount, failure, field, hex, inert } from "../components/parts.js";
import { ETHER_DECIMALS, formatCount, plural } from "../format.js";
import { html, nothing, repeat } from "../lit.js";
import { go } from "../route.js";
import { draft, setDraft, state } from "../store.js";

/** @typedef {import("../../pkg/index.js").Balance} Balance */
/** @typedef {import("../../pkg/index.js").Token} Token */
/** @typedef {import("../../pkg/index.js").TokenBalance} TokenBalance */
/** @template T @typedef {import("../answers.js").Answer<import("../../pkg/index.js").Proven<T>>} ProvenAnswer */
/** @typedef {import("../lit.js").Template} Template */
/** @typedef {"latest" | "finalized"} Block */

/** In a replay only the finalized block has proofs for everything that is offered. */
function defaultBlock() {
  return typeof state.config?.fixedClockUnixMs === "number" ? "finalized" : "latest";
}

/** @returns {Block} */
export function routeBlock() {
  const { block } = state.route.parameters;
  return block === "finalized" || block === "latest" ? block : defaultBlock();
}

/** @type {string | undefined} */
let filled;

/** Puts the address of the hash into the field, when it is another one than before. */
function fillLookup() {
  const { address } = state.route.parameters;
  if (address !== undefined && address !== filled) state.drafts["lookup"] = address;
  filled = address;
}

/** @returns {Template} */
export function lookup() {
  const { address } = state.route.parameters;
  fillLookup();
  return html`<section class="card" aria-labelledby="lookup-title">
    <h2 id="lookup-title">Look up any address</h2>
    ${form()} ${watched()} ${address === undefined ? nothing : result(address, routeBlock())}
  </section>`;
}

/** @returns {Template} */
function form() {
  return html`<form class="row" @submit=${submitted}>
    ${field({
      id: "lookup-address",
      label: "Address",
      input: () =>
        html`<input
          id="lookup-address"
          data-testid="lookup-address"
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
          placeholder="0x…"
          .value=${draft("lookup")}
          @input=${(/** @type {InputEvent} */ event) => setDraft("lookup", /** @type {HTMLInputElement} */ (event.target).value)}
        />`,
    })}
    ${field({
      id: "lookup-block",
      label: "As of",
      input: () =>
        html`<select id="lookup-block" data-testid="lookup-block" @change=${blockChosen}>
          <option value="latest" .selected=${routeBlock() === "latest"}>newest head</option>
          <option value="finalized" .selected=${routeBlock() === "finalized"}>finalized</option>
        </select>`,
    })}
    <button type="submit" class="button-main" data-testid="lookup-submit">Look up</button>
  </form>`;
}

/** @returns {Template} */
function watched() {
  const watch = state.config?.watch ?? [];
  if (watch.length === 0) return nothing;
  return html`<p class="chips">
    <span class="quiet">Known here:</span>
    ${watch.map(
      ({ label, address }) =>
        html`<button
          type="button"
          class="chip"
          data-address=${address}
          @click=${() => go("accounts", { ...state.route.parameters, address })}
        >
          ${inert(label)}
        </button>`,
    )}
  </p>`;
}

/**
 * @param {string} address
 * @param {Block} block
 * @returns {Template}
 */
function result(address, block) {
  const balance = ask(`balance ${address} ${block}`, block, (client, signal) =>
    client.balance(address, { block }, signal),
  );
  const invalid = balance.error?.code === "invalid_argument";
  const tokens = invalid ? [] : (state.config?.tokens ?? []);
  return html`<div class="result" aria-busy=${balance.busy}>
    <div class="result-head">
      ${hex(address, { head: 12, tail: 10 })} ${balance.result === null ? nothing : kind(balance.result.value)}
    </div>
    ${failure(balance.error, "lookup-error")} ${invalid ? nothing : ether(balance)}
    <dl class="facts facts-wide tokens">
      ${repeat(
        tokens,
        (token) => token.address,
        (token) => tokenRow(token, address, block),
      )}
    </dl>
  </div>`;
}

/** @param {ProvenAnswer<Balance>} answer */
function ether(answer) {
  const value = answer.result?.value;
  if (value === undefined) {
    return html`<p class="figure figure-pending" data-testid="balance-ether" data-proven="false" data-current="false">
      ${answer.busy ? "proving…" : "not proven"} ${openMark()}
    </p>`;
  }
  return html`<p
      class="figure"
      data-testid="balance-ether"
      data-wei=${value.wei}
      data-proven="true"
      data-current=${isCurrent(answer)}
    >
      ${amount(value.wei, ETHER_DECIMALS, "ETH")} ${proofMark(answer, "Balance of ether")}
    </p>
    ${staleness(answer)}
    <p class="quiet">
      <span data-testid="account-nonce" data-value=${value.nonce}>${plural(value.nonce, "transaction")}</span> sent from
      it so far.
    </p>`;
}

/** @param {Balance} value */
function kind({ isContract, codeBytes }) {
  const size = codeBytes === null ? "" : `, ${formatCount(codeBytes)} bytes of code`;
  return html`<span class="tag" data-testid="account-kind" data-code-bytes=${codeBytes ?? nothing}
    >${isContract ? `contract${size}` : "account without code"}</span
  >`;
}

/**
 * @param {Token} token
 * @param {string} owner
 * @param {Block} block
 * @returns {Template}
 */
function tokenRow(token, owner, block) {
  const answer = ask(`token ${token.address} ${owner} ${block}`, block, (client, signal) =>
    client.tokenBalance(token.address, owner, { block }, signal),
  );
  const value = answer.result?.value;
  return html`<div>
    <dt>${inert(token.name ?? token.symbol)}</dt>
    <dd>
      ${
        value === undefined
          ? html`<span class="pending" data-testid="balance-token" data-symbol=${token.symbol} data-proven="false"
              >${answer.busy ? "proving…" : "not proven"} ${openMark()}</span
            >`
          : html`<span
              data-testid="balance-token"
              data-symbol=${value.symbol}
              data-amount=${value.amount}
              data-proven="true"
              data-current=${isCurrent(answer)}
              >${amount(value.amount, value.decimals, value.symbol)}
              ${proofMark(answer, `Balance of ${token.symbol}`)}</span
            >`
      }
      ${staleness(answer)} ${failure(answer.error)}
    </dd>
  </div>`;
}

/** @param {SubmitEvent} event */
function submitted(event) {
  event.preventDefault();
  const address = draft("lookup").trim();
  if (address === "") return;
  const block = /** @type {HTMLSelectElement} */ (document.getElementById("lookup-block")).value;
  go("accounts", { ...state.route.parameters, address, block });
  renewAllAnswers();
}

/** @param {Event} event */
function blockChosen(event) {
  const block = /** @type {HTMLSelectElement} */ (event.target).value;
  go("accounts", { ...state.route.parameters, block });
}
