/**
 * Votes for, against and abstaining, and the quorum: as numbers, and as lengths beside them.
 * @module
 */

import { formatAmount, formatAmountShort, percentage, sameAddress } from "../format.js";
import { html, svg } from "../lit.js";
import { state } from "../store.js";

/** @typedef {import("../store.js").Governor} Governor */
/** @typedef {import("../../pkg/index.js").Proposal} Proposal */
/** @typedef {import("../lit.js").Template} Template */

/** Of most vote tokens; where the token is not configured, nothing better is known. */
const DECIMALS_DEFAULT = 18;

/**
 * @param {Governor} governor
 * @returns {{ decimals: number, symbol: string }}
 */
export function unitOf({ token }) {
  const known = state.config?.tokens?.find(({ address }) => sameAddress(address, token));
  return { decimals: known?.decimals ?? DECIMALS_DEFAULT, symbol: known?.symbol ?? "votes" };
}

/**
 * @param {Governor} governor
 * @param {Proposal} proposal
 * @returns {Template}
 */
export function tally(governor, proposal) {
  const { forVotes, againstVotes, abstainVotes, quorum, totalSupply, isSettled } = proposal;
  const { decimals } = unitOf(governor);
  const cast = forVotes + againstVotes + abstainVotes;
  const towards = forVotes + abstainVotes;
  const longest = [forVotes, againstVotes, abstainVotes, quorum].reduce(
    (most, votes) => (votes > most ? votes : most),
    1n,
  );
  const turnout = percentage(cast, totalSupply);
  return html`<div class="tally">
    ${bar("For", "for", forVotes, cast, longest, decimals)}
    ${bar("Against", "against", againstVotes, cast, longest, decimals)}
    ${bar("Abstain", "abstain", abstainVotes, cast, longest, decimals)}
    <p class="quiet small tally-foot">
      <span
        >Quorum
        <strong data-testid="proposal-quorum" data-votes=${quorum} title=${formatAmount(quorum, decimals)}
          >${formatAmountShort(quorum, decimals, 2)}</strong
        >:
        ${towards >= quorum ? html`<strong class="good">reached</strong>` : html`${formatAmountShort(quorum - towards, decimals, 2)} short`},
        counting for and abstain${isSettled ? "" : "; not settled before the snapshot"}</span
      >
      <span>${turnout === null ? "" : `Turnout ${turnout} %`}</span>
    </p>
  </div>`;
}

/**
 * @param {string} name
 * @param {"for" | "against" | "abstain"} kind
 * @param {bigint} votes
 * @param {bigint} cast
 * @param {bigint} longest
 * @param {number} decimals
 */
function bar(name, kind, votes, cast, longest, decimals) {
  const share = percentage(votes, cast) ?? 0;
  const length = percentage(votes, longest) ?? 0;
  return html`<div class="tally-row" data-kind=${kind}>
    <span class="tally-name">${name}</span>
    <svg class="tally-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      ${svg`<rect class="tally-track" width="100" height="8"/><rect class="tally-fill" width=${length} height="8"/>`}
    </svg>
    <span class="tally-votes" data-testid="proposal-${kind}" data-votes=${votes} title=${formatAmount(votes, decimals)}
      >${formatAmountShort(votes, decimals, 2)}</span
    >
    <span class="tally-share quiet">${share} %</span>
  </div>`;
}
