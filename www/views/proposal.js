/**
 * What a proposal says and does. Both were written by its proposer, so both are shown as inert text.
 * @module
 */

import { byteLength, readCalldata } from "../calldata.js";
import { amount, hex, inert } from "../components/parts.js";
import { ETHER_DECIMALS, formatCount, sameAddress } from "../format.js";
import { html, nothing } from "../lit.js";
import { state } from "../store.js";

/** @typedef {import("../../pkg/index.js").Action} Action */
/** @typedef {import("../../pkg/index.js").Proposal} Proposal */
/** @typedef {import("../lit.js").Template} Template */

/**
 * @param {Proposal} proposal
 * @returns {Template}
 */
export function proposalDetails({ id, proposer, snapshot, description, actions, actionsTooLarge }) {
  return html`<div class="proposal-details">
    <h4>What it says</h4>
    ${
      description === null
        ? html`<p class="quiet" data-testid="proposal-description" data-known="false">
            No peer gave a text whose hash fits the proposal.
          </p>`
        : html`<p class="prose" dir="auto" data-testid="proposal-description" data-known="true">${inert(description)}</p>
            <p class="quiet small">
              Written by the proposer; its hash is part of the proposal, so these are the words that are voted on. What
              they promise is not checked: read what it does.
            </p>`
    }
    <h4>What it does</h4>
    ${
      actions.length === 0
        ? html`<p class="quiet">Nothing is known of what it would call.</p>`
        : html`<ol class="actions">
            ${actions.map(action)}
          </ol>`
    }
    ${actionsTooLarge ? html`<p class="notice notice-warn">It does more than is listed here: its actions are too many or too large to be read. Do not vote for what you cannot see.</p>` : nothing}
    <dl class="facts facts-wide">
      <div>
        <dt>Proposer</dt>
        <dd>${hex(proposer, { head: 8, tail: 6 })}</dd>
      </div>
      <div>
        <dt>Power measured</dt>
        <dd>at ${formatCount(snapshot)}</dd>
      </div>
      <div>
        <dt>Id</dt>
        <dd>${hex(id, { head: 8, tail: 6 })}</dd>
      </div>
    </dl>
  </div>`;
}

/** @param {Action} action */
function action({ target, value, calldata }) {
  const reading = readCalldata(calldata);
  const known = state.config?.tokens?.find(({ address }) => sameAddress(address, target));
  const size = byteLength(calldata);
  return html`<li data-testid="proposal-action">
    <p>
      ${value > 0n ? html`send ${amount(value, ETHER_DECIMALS, "ETH")} to ` : "call "}${hex(target, { head: 8, tail: 6 })}
      ${known === undefined ? nothing : html`<span class="tag">${inert(known.symbol)}</span>`}
    </p>
    ${reading === null ? nothing : html`<p><code class="call">${reading}</code></p>`}
    ${
      size === 0
        ? nothing
        : html`<details>
            <summary>${reading === null ? "Unknown call" : "Calldata"}, ${formatCount(size)} bytes</summary>
            <code class="bytes">${calldata}</code>
          </details>`
    }
  </li>`;
}
