/**
 * Governance: proposals with their proven votes, and casting one's own.
 * @module
 */

import { ask, isCurrent } from "../answers.js";
import { proofMark, staleness } from "../components/mark.js";
import { failure, hex, inert } from "../components/parts.js";
import { slotSeconds } from "../clock.js";
import { formatCount, formatDuration, formatTime, plural, sameAddress } from "../format.js";
import { html, nothing, repeat } from "../lit.js";
import { formatRoute } from "../route.js";
import { state } from "../store.js";
import { afterFirstLine, firstLine } from "../text.js";
import { routeBlock } from "./lookup.js";
import { proposalDetails } from "./proposal.js";
import { tally } from "./tally.js";
import { ballot, voteStatus } from "./vote.js";

/** @typedef {import("../store.js").Governor} Governor */
/** @typedef {import("../../pkg/index.js").Proposal} Proposal */
/** @typedef {import("../lit.js").Template} Template */
/** @typedef {import("../answers.js").Answer<import("../../pkg/index.js").Proposals>} Proposals */

/** A clock that is beyond this counts seconds, not blocks (ERC-6372). */
const TIMESTAMP_MIN = 1_000_000_000;

const STATE_WORDS = Object.freeze({
  pending: "Not open yet",
  active: "Open for votes",
  canceled: "Canceled",
  defeated: "Defeated",
  succeeded: "Passed",
  queued: "Passed, queued",
  expired: "Expired",
  executed: "Executed",
});

/** @returns {Template} */
export function governance() {
  const { governors } = state;
  const chosen =
    governors.find(({ address }) => sameAddress(address, state.route.parameters["governor"])) ?? governors[0];
  return html`<h1 tabindex="-1">Governance</h1>
    ${governors.length > 1 ? chooser(chosen) : nothing}
    ${
      chosen === undefined
        ? html`<section class="card">
            <p class="quiet">
              ${state.client === null ? "Waiting for the client." : "No governor is configured for this network, so there is nothing to vote on."}
            </p>
          </section>`
        : governorSection(chosen)
    }`;
}

/** @param {Governor | undefined} chosen */
function chooser(chosen) {
  return html`<nav class="chips" aria-label="Governors">
    ${state.governors.map(
      ({ address, name }) =>
        html`<a
          class="chip"
          href=${formatRoute("governance", { governor: address })}
          aria-current=${address === chosen?.address ? "true" : nothing}
          >${inert(name)}</a
        >`,
    )}
  </nav>`;
}

/** @param {Governor} governor */
function governorSection(governor) {
  const block = routeBlock();
  /** @type {Proposals} */
  const answer = ask(`proposals ${governor.address} ${block}`, block, (client, signal) =>
    client.proposals(governor.address, { block }, signal),
  );
  const proposals = answer.result?.value ?? [];
  return html`<section aria-labelledby="governor-title" aria-busy=${answer.busy}>
    <header class="section-head">
      <h2 id="governor-title">${inert(governor.name)}</h2>
      <span>${hex(governor.address, { head: 8, tail: 6 })} ${proofMark(answer, `Proposals of ${governor.name}`)}</span>
    </header>
    <p class="quiet">${listWords(answer)}</p>
    ${staleness(answer)} ${failure(answer.error)}
    ${repeat(
      proposals,
      ({ id }) => id,
      (proposal) => row(governor, proposal, answer, proposal.id === openId(proposals)),
    )}
  </section>`;
}

/** @param {Proposals} answer */
function listWords({ result, busy }) {
  if (result === null) return busy ? "Proving the list of proposals…" : "The list of proposals is not proven.";
  if (result.value.length === 0)
    return result.complete ? "There are no proposals, by proof." : "No proposals are known.";
  return result.complete
    ? `${plural(result.value.length, "proposal")}: by proof, there are no others.`
    : `The newest ${formatCount(result.value.length)} of ${plural(result.total, "proposal")}, by proof.`;
}

/**
 * The proposal that is open: the one in the hash, or the first that can be voted on, or the first.
 * @param {Proposal[]} proposals
 */
function openId(proposals) {
  const chosen = proposals.find(({ id }) => id === state.route.parameters["proposal"]);
  return (chosen ?? proposals.find(({ state }) => state === "active") ?? proposals[0])?.id;
}

/**
 * @param {Governor} governor
 * @param {Proposal} proposal
 * @param {Proposals} answer
 * @param {boolean} open
 */
function row(governor, proposal, answer, open) {
  const title = proposal.description === null ? "Proposal without a known text" : firstLine(proposal.description);
  const excerpt = open || proposal.description === null ? "" : afterFirstLine(proposal.description);
  const href = formatRoute("governance", { governor: governor.address, proposal: proposal.id });
  const current = isCurrent(answer);
  return html`<article
    class="card proposal"
    data-testid="proposal-row"
    data-id=${proposal.id}
    data-state=${proposal.state}
    data-current=${current}
    data-open=${open}
  >
    <header>
      <p class="proposal-line">
        <span class="badge" data-state=${proposal.state}>${STATE_WORDS[proposal.state]}</span>
        <span class="quiet small">${when(proposal)}</span>
      </p>
      <div class="proposal-text" data-testid=${open ? nothing : "proposal-description"}>
        <h3><a href=${href} aria-expanded=${open}>${inert(title)}</a> ${proofMark(answer, "Votes of the proposal")}</h3>
        ${excerpt === "" ? nothing : html`<p class="excerpt quiet" dir="auto">${inert(excerpt)}</p>`}
      </div>
    </header>
    ${tally(governor, proposal)} ${voteStatus(governor, proposal)}
    ${open ? html`${proposalDetails(proposal)} ${ballot(governor, proposal)}` : nothing}
  </article>`;
}

/** @param {Proposal} proposal */
function when({ snapshot, deadline, state: now }) {
  if (now === "pending") return `opens ${moment(snapshot)}`;
  if (now === "canceled") return "will not take effect";
  return now === "active" ? `closes ${moment(deadline)}` : `closed ${moment(deadline)}`;
}

/** @param {number} clock a block number, or seconds */
function moment(clock) {
  if (clock >= TIMESTAMP_MIN) return `at ${formatTime(clock * 1000)}`;
  const now = state.status?.optimistic?.blockNumber;
  if (now === undefined || clock <= now) return `at block ${formatCount(clock)}`;
  return `at block ${formatCount(clock)}, in about ${formatDuration((clock - now) * slotSeconds())}`;
}
