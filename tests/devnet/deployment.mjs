// Deploys token, governor and treasury by real transactions during the warm-up, and takes proposals through their lives.
import {
  encodeDeployData,
  encodeAbiParameters,
  getContractAddress,
  keccak256,
  numberToHex,
  parseEther,
  stringToBytes,
  zeroAddress,
} from "viem";
import { compiledContracts } from "./contracts/compile.mjs";
import { AGAINST, FOR, VOTING_PERIOD_BLOCKS, decidedProposals, openProposals } from "./proposals.mjs";
import { GAS_PER_DEPLOYMENT, contractCall, transactionSender } from "./transactions.mjs";

/** The chain waits here for the first transactions: the state before them has a block of its own. */
export const FIRST_SLOT = 1;
/** Not account 0: tests start from its nonce 0 and its untouched vote. */
const DEPLOYER = 9;
const PROPOSER = 1;
const SECOND_VOTER = 2;
const VOTING_DELAY_BLOCKS = 1;
const SHORT_VOTING_PERIOD_BLOCKS = 3;
const TIMELOCK_DELAY_SECONDS = 1n;
const PROPOSAL_THRESHOLD = parseEther("1000");
const TREASURY_BALANCE = parseEther("100");
/** GLOW of accounts 0 to 3; the treasury has the rest of a million. Account 3 has not delegated: balance, no power. */
const GLOW = [300_000n, 250_000n, 150_000n, 100_000n].map((whole) => whole * 10n ** 18n);
const TREASURY_GLOW = 200_000n * 10n ** 18n;
const DELEGATING = 3n;
/** From account 2 to account 1 after all snapshots: power now and power then differ. */
const GLOW_MOVED = 1000n * 10n ** 18n;

/**
 * @typedef {object} Proposal
 * @property {`0x${string}`} id
 * @property {string} title
 * @property {import("./proposals.mjs").Draft["state"]} state
 * @property {string} description
 * @property {string} proposer
 * @property {{ target: `0x${string}`, value: `0x${string}`, calldata: `0x${string}` }[]} actions value in wei
 * @property {number} snapshot block
 * @property {number} deadline block
 */

/** @typedef {Awaited<ReturnType<typeof deployContracts>>} Contracts */

/**
 * @param {string} executionUrl
 * @param {number} chainId
 * @param {import("./accounts.mjs").Account[]} accounts
 * @param {(slot: number) => Promise<unknown>} produceUntil
 */
export async function deployContracts(executionUrl, chainId, accounts, produceUntil) {
  const artifacts = compiledContracts();
  const abis = { token: artifacts.GlowToken.abi, governor: artifacts.GlowGovernor.abi };
  const addressAt = (/** @type {bigint} */ nonce) => getContractAddress({ from: accounts[DEPLOYER].address, nonce });
  const [token, treasury, governor] = [addressAt(0n), addressAt(1n), addressAt(2n)];
  const sender = transactionSender(executionUrl, chainId, accounts, produceUntil, FIRST_SLOT);

  await sender.nextBlock();
  await sender.nextBlock(deployments({ artifacts, token, treasury, governor, accounts }));
  const context = { governor, token, accounts, abis };
  const decided = await decideProposals(sender, context, decidedProposals(context));
  const open = await openForVoting(sender, context, openProposals(context));
  await sender.nextBlock([
    [SECOND_VOTER, contractCall(abis.token, token, "transfer", [accounts[PROPOSER].address, GLOW_MOVED])],
  ]);
  return {
    tokens: [{ address: token, symbol: "GLOW", name: "Glow", decimals: 18, balanceSlot: 0 }],
    governors: [{ address: governor, token, name: "GlowGovernor", layout: "oz5-storage" }],
    treasury,
    proposals: [...decided, ...open],
    deployedAtSlot: sender.slot - 1,
  };
}

/**
 * Addresses follow from the deployer's nonces, so that each contract knows the next.
 * @returns {[number, import("./transactions.mjs").Call][]}
 */
function deployments({ artifacts, token, treasury, governor, accounts }) {
  const deploy = ({ abi, bytecode }, args) => ({
    data: encodeDeployData({ abi, bytecode, args }),
    gas: GAS_PER_DEPLOYMENT,
  });
  const holders = [...GLOW.map((_, index) => accounts[index].address), treasury];
  const anyone = [zeroAddress];
  return [
    [DEPLOYER, deploy(artifacts.GlowToken, [holders, [...GLOW, TREASURY_GLOW], DELEGATING])],
    [DEPLOYER, deploy(artifacts.TimelockController, [TIMELOCK_DELAY_SECONDS, [governor], anyone, zeroAddress])],
    [
      DEPLOYER,
      deploy(artifacts.GlowGovernor, [
        token,
        treasury,
        VOTING_DELAY_BLOCKS,
        SHORT_VOTING_PERIOD_BLOCKS,
        PROPOSAL_THRESHOLD,
      ]),
    ],
    [DEPLOYER, { to: treasury, value: TREASURY_BALANCE }],
  ];
}

/** Proposes, votes, and lets the period end; then one is executed and one stays queued. */
async function decideProposals(sender, context, drafts) {
  const proposals = await propose(sender, context, drafts, SHORT_VOTING_PERIOD_BLOCKS);
  const [executed, defeated, queued, succeeded] = proposals;
  await sender.nextBlock();
  await sender.nextBlock([
    ...[executed, queued, succeeded].map(({ id }) => vote(context, PROPOSER, id, FOR)),
    vote(context, PROPOSER, defeated.id, AGAINST),
    vote(context, SECOND_VOTER, defeated.id, FOR),
    vote(context, SECOND_VOTER, succeeded.id, AGAINST),
  ]);
  while (sender.slot <= executed.deadline) await sender.nextBlock();
  const act = (name, { id }) => [DEPLOYER, contractCall(QUEUE_AND_EXECUTE_BY_ID, context.governor, name, [BigInt(id)])];
  await sender.nextBlock([act("queue", executed), act("queue", queued)]);
  await sender.nextBlock([act("execute", executed)]);
  return proposals;
}

/** Account 1 votes for, account 2 against, account 0 not at all; the last one is canceled by its proposer. */
async function openForVoting(sender, context, drafts) {
  const proposals = await propose(sender, context, drafts, VOTING_PERIOD_BLOCKS);
  const canceled = proposals.filter(({ state }) => state === "canceled");
  await sender.nextBlock(
    canceled.map(({ id }) => [PROPOSER, contractCall(CANCEL_BY_ID, context.governor, "cancel", [BigInt(id)])]),
  );
  const active = proposals.filter(({ state }) => state === "active");
  await sender.nextBlock(
    active.flatMap(({ id }) => [vote(context, PROPOSER, id, FOR), vote(context, SECOND_VOTER, id, AGAINST)]),
  );
  return proposals;
}

/** @returns {Promise<Proposal[]>} */
async function propose(sender, { governor, abis, accounts }, drafts, periodBlocks) {
  const snapshot = sender.slot + VOTING_DELAY_BLOCKS;
  await sender.nextBlock(
    drafts.map(({ target, value, calldata, description }) => [
      PROPOSER,
      contractCall(abis.governor, governor, "propose", [[target], [value], [calldata], description]),
    ]),
  );
  return drafts.map(({ state, title, target, value, calldata, description }) => ({
    id: proposalId(target, value, calldata, description),
    title,
    state,
    description,
    proposer: accounts[PROPOSER].address,
    actions: [{ target, value: numberToHex(value), calldata }],
    snapshot,
    deadline: snapshot + periodBlocks,
  }));
}

function vote({ governor, abis }, account, id, support) {
  return [account, contractCall(abis.governor, governor, "castVote", [BigInt(id), support])];
}

/** As Governor.hashProposal. */
function proposalId(target, value, calldata, description) {
  const types = ["address[]", "uint256[]", "bytes[]", "bytes32"].map((type) => ({ type }));
  const hash = keccak256(stringToBytes(description));
  return keccak256(encodeAbiParameters(types, [[target], [value], [calldata], hash]));
}

/** Overloads of GovernorStorage, which need no more than the id. */
const byId = (/** @type {string} */ name) => ({
  type: "function",
  name,
  inputs: [{ name: "proposalId", type: "uint256" }],
  outputs: [],
  stateMutability: "nonpayable",
});
const QUEUE_AND_EXECUTE_BY_ID = [byId("queue"), byId("execute")];
const CANCEL_BY_ID = [byId("cancel")];
