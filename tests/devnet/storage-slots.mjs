// Where OpenZeppelin 5.7's contracts keep their variables, as the compiler's storageLayout says (README.md).
import { concat, hexToBigInt, keccak256, numberToHex, pad, size } from "viem";

/** @typedef {`0x${string}`} Hex */
/** @typedef {{ name: string, slot: Hex }} NamedSlot */

const WORD = 32;
const GOVERNOR = {
  nonces: 2n,
  name: 3n,
  proposals: 4n,
  threshold: 7n,
  delayAndPeriod: 8n,
  votes: 9n,
  ids: 10n,
  details: 11n,
  quorum: 12n,
  timelock: 13n,
  timelockIds: 14n,
};
const TOKEN = { balances: 0n, totalSupply: 2n, nonces: 7n, delegatee: 8n, checkpoints: 9n, totalCheckpoints: 10n };
const TIMELOCK = { timestamps: 1n, minDelay: 2n };

/**
 * @param {{ id: Hex, actions: { calldata: Hex }[] }[]} proposals @param {Hex[]} voters
 * @returns {NamedSlot[]}
 */
export function governorSlots(proposals, voters) {
  return [
    named("_name", GOVERNOR.name),
    named("_proposalThreshold", GOVERNOR.threshold),
    named("_votingDelay, _votingPeriod", GOVERNOR.delayAndPeriod),
    named("_timelock", GOVERNOR.timelock),
    ...arraySlots("_quorumNumeratorHistory", GOVERNOR.quorum, 1),
    ...arraySlots("_proposalIds", GOVERNOR.ids, proposals.length),
    ...voters.map((voter) => named(`_nonces[${voter}]`, mapped(voter, GOVERNOR.nonces))),
    ...proposals.flatMap((proposal) => proposalSlots(proposal, voters)),
  ];
}

/**
 * @param {Hex[]} holders @param {(holder: Hex) => number} checkpointsOf @param {number} totalCheckpoints
 * @returns {NamedSlot[]}
 */
export function tokenSlots(holders, checkpointsOf, totalCheckpoints) {
  return [
    named("_totalSupply", TOKEN.totalSupply),
    ...arraySlots("_totalCheckpoints", TOKEN.totalCheckpoints, totalCheckpoints),
    ...holders.flatMap((holder) => [
      named(`_balances[${holder}]`, mapped(holder, TOKEN.balances)),
      named(`_nonces[${holder}]`, mapped(holder, TOKEN.nonces)),
      named(`_delegatee[${holder}]`, mapped(holder, TOKEN.delegatee)),
      ...arraySlots(`_delegateCheckpoints[${holder}]`, mapped(holder, TOKEN.checkpoints), checkpointsOf(holder)),
    ]),
  ];
}

/** @param {Hex[]} operations @returns {NamedSlot[]} */
export const timelockSlots = (operations) => [
  named("_minDelay", TIMELOCK.minDelay),
  ...operations.map((id) => named(`_timestamps[${id}]`, mapped(id, TIMELOCK.timestamps))),
];

/** The slot of `_timelockIds[id]`. @param {Hex} id */
export const timelockIdSlot = (id) => toSlot(mapped(id, GOVERNOR.timelockIds));

/** @param {{ id: Hex, actions: { calldata: Hex }[] }} proposal @param {Hex[]} voters */
function proposalSlots({ id, actions }, voters) {
  const core = mapped(id, GOVERNOR.proposals);
  const votes = mapped(id, GOVERNOR.votes);
  const details = mapped(id, GOVERNOR.details);
  const calldatas = details + 2n;
  return [
    named(`_proposals[${id}] proposer, voteStart, voteDuration, executed, canceled`, core),
    named(`_proposals[${id}] etaSeconds`, core + 1n),
    named(`_proposalVotes[${id}].againstVotes`, votes),
    named(`_proposalVotes[${id}].forVotes`, votes + 1n),
    named(`_proposalVotes[${id}].abstainVotes`, votes + 2n),
    ...voters.map((voter) => named(`_proposalVotes[${id}].hasVoted[${voter}]`, mapped(voter, votes + 3n))),
    ...arraySlots(`_proposalDetails[${id}].targets`, details, actions.length),
    ...arraySlots(`_proposalDetails[${id}].values`, details + 1n, actions.length),
    ...arraySlots(`_proposalDetails[${id}].calldatas`, calldatas, actions.length),
    ...actions.flatMap(({ calldata }, index) =>
      bytesSlots(`_proposalDetails[${id}].calldatas[${index}]`, elementSlot(calldatas) + BigInt(index), calldata),
    ),
    named(`_proposalDetails[${id}].descriptionHash`, details + 3n),
    named(`_timelockIds[${id}]`, mapped(id, GOVERNOR.timelockIds)),
  ];
}

/** Length and elements, and the empty place after the last, which shows that there is none. */
function arraySlots(/** @type {string} */ name, /** @type {bigint} */ slot, /** @type {number} */ length) {
  const elements = Array.from({ length: length + 1 }, (_, index) =>
    named(`${name}[${index}]`, elementSlot(slot) + BigInt(index)),
  );
  return [named(`${name}.length`, slot), ...elements];
}

/** Up to 31 bytes lie in the slot itself, more lie elsewhere, a word each. */
function bytesSlots(/** @type {string} */ name, /** @type {bigint} */ slot, /** @type {Hex} */ bytes) {
  if (size(bytes) < WORD) return [];
  return Array.from({ length: Math.ceil(size(bytes) / WORD) }, (_, index) =>
    named(`${name} word ${index}`, elementSlot(slot) + BigInt(index)),
  );
}

/** @param {string} name @param {bigint} slot @returns {NamedSlot} */
const named = (name, slot) => ({ name, slot: toSlot(slot) });

/** @param {Hex} key @param {bigint} slot */
const mapped = (key, slot) => hexToBigInt(keccak256(concat([pad(key, { size: WORD }), toSlot(slot)])));

/** @param {bigint} slot */
const elementSlot = (slot) => hexToBigInt(keccak256(toSlot(slot)));

/** @param {bigint} slot @returns {Hex} */
const toSlot = (slot) => numberToHex(slot, { size: WORD });
