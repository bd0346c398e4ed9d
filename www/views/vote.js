/**
 * Casting a vote: who, with what power, which way, yes; and whether it counted, by proof.
 * @module
 */

import { ask, isCurrent, renewAllAnswers } from "../answers.js";
import { isSynced, slotAge } from "../clock.js";
import { mark, openMark, proofMark } from "../components/mark.js";
import { amount, failure, field, inert } from "../components/parts.js";
import { sameAddress, shorten } from "../format.js";
import { html, nothing } from "../lit.js";
import { formatRoute, go } from "../route.js";
import { heardTransaction } from "../session.js";
import { state } from "../store.js";
import { clearTask, perform, task } from "../tasks.js";
import { stageWords, stages } from "./activity.js";
import { unitOf } from "./tally.js";

/** @typedef {import("../store.js").Governor} Governor */
/** @typedef {import("../../pkg/index.js").Proposal} Proposal */
/** @typedef {import("../../pkg/index.js").Support} Support */
/** @typedef {import("../../pkg/index.js").TransactionStatus} TransactionStatus */
/** @typedef {import("../lit.js").Template} Template */

/** @type {readonly { support: Support, name: string, testid: string }[]} */
const CHOICES = Object.freeze([
  { support: 1, name: "For", testid: "vote-for" },
  { support: 0, name: "Against", testid: "vote-against" },
  { support: 2, name: "Abstain", testid: "vote-abstain" },
]);

/** The name of the one task. */
const CAST = "cast vote";

/**
 * What became of the votes cast from here on a proposal.
 * @param {Governor} governor
 * @param {Proposal} proposal
 * @returns {Template | Template[]}
 */
export function voteStatus(governor, proposal) {
  return votesOn(governor, proposal).slice(0, 1).map(status);
}

/**
 * @param {Governor} governor
 * @param {Proposal} proposal
 * @returns {Template}
 */
export function ballot(governor, proposal) {
  if (proposal.state !== "active") return nothing;
  const accounts = state.accounts ?? [];
  const voter =
    accounts.find(({ address }) => sameAddress(address, state.route.parameters["voter"])) ??
    accounts.find(({ locked }) => !locked) ??
    accounts[0];
  return html`<section class="ballot" aria-label="Your vote">
    <h4>Your vote</h4>
    ${
      voter === undefined
        ? html`<p class="quiet">
            You have no account here yet. <a href=${formatRoute("accounts")}>Create or import one.</a>
          </p>`
        : votingForm(governor, proposal, voter)
    }
  </section>`;
}

/**
 * @param {Governor} governor
 * @param {Proposal} proposal
 * @param {import("../../pkg/index.js").Account} voter
 */
function votingForm(governor, proposal, voter) {
  const unit = unitOf(governor);
  const answer = ask(`power ${governor.address} ${proposal.id} ${voter.address}`, "latest", (client, signal) =>
    client.votingPower(governor.address, proposal.id, voter.address, signal),
  );
  const value = answer.result?.value;
  const waiting = votesOn(governor, proposal).some(
    ({ from, stage }) => sameAddress(from, voter.address) && stage !== "failed",
  );
  const able = value !== undefined && !value.hasVoted && value.power > 0n && !waiting;
  return html`${field({ id: "voter", label: "As", input: () => voterSelect(voter.address) })}
    <p class="power">
      Voting power
      ${
        value === undefined
          ? html`<span class="pending" data-testid="voting-power" data-proven="false"
              >${answer.busy ? "proving…" : "not proven"} ${openMark()}</span
            >`
          : html`<strong
                data-testid="voting-power"
                data-power=${value.power}
                data-proven="true"
                data-current=${isCurrent(answer)}
                >${amount(value.power, unit.decimals, unit.symbol)}</strong
              >
              ${proofMark(answer, "Voting power at the snapshot")}`
      }
    </p>
    ${failure(answer.error)}
    ${value !== undefined && !value.isSettled ? html`<p class="quiet">The snapshot has not passed yet: the power is that of now and can change.</p>` : nothing}
    ${value?.hasVoted ? html`<p class="quiet" data-testid="has-voted">This account has voted, by proof.</p>` : nothing}
    ${value !== undefined && value.power === 0n ? html`<p class="quiet">This account had no voting power when it was measured.</p>` : nothing}
    ${voter.locked && able ? html`<p class="quiet">The account is locked. <a href=${formatRoute("accounts")}>Unlock it</a> to vote.</p>` : nothing}
    <div class="choices" role="group" aria-label="Choice">
      ${CHOICES.map(
        ({ support, name, testid }) =>
          html`<button
            type="button"
            data-testid=${testid}
            data-support=${support}
            aria-pressed=${chosen() === support}
            ?disabled=${!able}
            @click=${() => choose(support)}
          >
            ${name}
          </button>`,
      )}
    </div>
    ${able && value !== undefined ? confirmation(governor, proposal, voter.address, amount(value.power, unit.decimals, unit.symbol)) : nothing}
    ${failure(task(CAST).error, "vote-error")}`;
}

/** @param {string} voter */
function voterSelect(voter) {
  return html`<select
    id="voter"
    data-testid="vote-from"
    @change=${(/** @type {Event} */ event) => amend({ voter: /** @type {HTMLSelectElement} */ (event.target).value })}
  >
    ${(state.accounts ?? []).map(({ address, locked }) => html`<option value=${address} .selected=${address === voter}>${shorten(address, 12, 8)}${locked ? " (locked)" : ""}</option>`)}
  </select>`;
}

/**
 * @param {Governor} governor
 * @param {Proposal} proposal
 * @param {string} from
 * @param {Template} power
 */
function confirmation(governor, proposal, from, power) {
  const choice = CHOICES.find(({ support }) => support === chosen());
  if (choice === undefined) return nothing;
  const cast = async () => {
    const { client } = state;
    if (client === null) return;
    const vote = { from, governor: governor.address, proposalId: proposal.id, support: choice.support };
    const sent = await perform(CAST, () => client.castVote(vote));
    if (sent === undefined) return;
    heardTransaction(sent);
    amend({ support: undefined });
    renewAllAnswers();
  };
  return html`<div class="confirm">
    <p>Cast <strong>${choice.name}</strong> with ${power}. A vote cannot be changed or taken back.</p>
    <p class="buttons">
      <button type="button" class="button-main" data-testid="vote-confirm" ?disabled=${task(CAST).busy} @click=${cast}>
        ${task(CAST).busy ? "Signing…" : "Cast the vote"}
      </button>
      <button type="button" @click=${() => amend({ support: undefined })}>Cancel</button>
    </p>
  </div>`;
}

/** @param {TransactionStatus} transaction */
function status(transaction) {
  const { vote, proof, stage, message, success, from } = transaction;
  if (vote === null) return nothing;
  const choice = CHOICES.find(({ support }) => support === vote.support)?.name ?? "";
  const bad = stage === "failed" || success === false;
  return html`<div
    class="vote-status ${vote.counted ? "vote-counted" : ""}"
    data-testid="vote-status"
    data-counted=${vote.counted}
    data-stage=${stage}
    role="status"
  >
    <p>
      <strong class=${bad ? "bad" : ""}>${vote.counted ? "Counted, by proof" : stageWords(transaction)}</strong>
      ${proof === null ? nothing : mark({ subject: "Vote", proof: { ...proof, ageSeconds: slotAge(proof.slot) ?? proof.ageSeconds }, heardAt: performance.now(), current: isSynced(), testid: "vote-proof" })}
    </p>
    <p class="quiet small">
      Your vote <strong>${choice}</strong> as <code title=${from}>${shorten(from, 8, 4)}</code>. ${inert(message)}
    </p>
    ${vote.counted ? nothing : stages(transaction)}
  </div>`;
}

/**
 * @param {Governor} governor
 * @param {Proposal} proposal
 */
function votesOn(governor, proposal) {
  return state.transactions.filter(
    ({ vote }) => vote !== null && sameAddress(vote.governor, governor.address) && vote.proposalId === proposal.id,
  );
}

/** @returns {Support | null} */
function chosen() {
  const { support } = state.route.parameters;
  return CHOICES.find((choice) => String(choice.support) === support)?.support ?? null;
}

/** @param {Support} support */
function choose(support) {
  clearTask(CAST);
  amend({ support: String(support) });
}

/** @param {Record<string, string | undefined>} parameters */
function amend(parameters) {
  const merged = /** @type {Record<string, string | undefined>} */ ({ ...state.route.parameters, ...parameters });
  go("governance", merged, { replace: true });
}
