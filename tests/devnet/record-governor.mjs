#!/usr/bin/env node
// Records a governor, its token and its treasury at one block of a fresh devnet: proofs of all the storage that a
// verifier needs, and what the contracts themselves answer. `node tests/devnet/record-governor.mjs [--help]`
import { mkdirSync, writeFileSync } from "node:fs";
import { decodeFunctionResult, encodeFunctionData } from "viem";
import { compiledContracts } from "./contracts/compile.mjs";
import { startDevnet } from "./index.mjs";
import { jsonRpc } from "./json-rpc.mjs";
import { governorSlots, timelockIdSlot, timelockSlots, tokenSlots } from "./storage-slots.mjs";

const OUTPUT = new URL("../vectors/devnet-governor/", import.meta.url);
const VOTERS = 4;
/** Of each voter's power: all were minted in one block, then account 2 gave to account 1; account 3 never delegated. */
const CHECKPOINTS = [1, 2, 2, 0];
const TOTAL_CHECKPOINTS = 1;
const NOTHING_MISSED_MS = 1500;

if (process.argv.includes("--help")) {
  console.log("Usage: node tests/devnet/record-governor.mjs\nWrites tests/vectors/devnet-governor/governor.json.");
} else {
  const devnet = await startDevnet();
  try {
    await devnet.control({ paused: true });
    await new Promise((resolve) => setTimeout(resolve, NOTHING_MISSED_MS));
    const recording = await record(devnet);
    mkdirSync(OUTPUT, { recursive: true });
    writeFileSync(new URL("governor.json", OUTPUT), `${JSON.stringify(recording, replaceBigInt, 1)}\n`);
    console.log(`recorded block ${Number(recording.block.number)}`);
  } finally {
    await devnet.stop();
  }
}

/** @param {import("./index.mjs").Devnet} devnet */
async function record({ executionUrl, network, contracts, accounts }) {
  const rpc = (/** @type {string} */ method, /** @type {unknown[]} */ ...params) =>
    jsonRpc(executionUrl, method, params);
  const block = await rpc("eth_getBlockByNumber", "latest", false);
  const governor = contracts.governors[0].address;
  const token = contracts.tokens[0].address;
  const { treasury, proposals } = contracts;
  const voters = accounts.slice(0, VOTERS).map(({ address }) => address);
  const operations = (
    await Promise.all(proposals.map(({ id }) => rpc("eth_getStorageAt", governor, timelockIdSlot(id), block.number)))
  ).filter((id) => Number(id) !== 0);
  const checkpointsOf = (/** @type {`0x${string}`} */ holder) => CHECKPOINTS[voters.indexOf(holder)] ?? 0;
  const slots = {
    [governor]: governorSlots(proposals, voters),
    [token]: tokenSlots([...voters, treasury], checkpointsOf, TOTAL_CHECKPOINTS),
    [treasury]: timelockSlots(operations),
  };
  const proofs = {};
  for (const [address, wanted] of Object.entries(slots)) {
    const keys = wanted.map(({ slot }) => slot);
    proofs[address] = await rpc("eth_getProof", address, keys, block.number);
  }
  const call = contractCaller(rpc, block.number);
  const expected = await expectedAnswers(call, { governor, token, proposals, voters });
  return { chainId: network.chainId, block, contracts, voters, slots, proofs, expected };
}

/** Calls a view function at the recorded block. */
function contractCaller(rpc, blockNumber) {
  return async (abi, to, functionName, ...args) => {
    const data = await rpc("eth_call", { to, data: encodeFunctionData({ abi, functionName, args }) }, blockNumber);
    return decodeFunctionResult({ abi, functionName, data });
  };
}

async function expectedAnswers(call, { governor, token, proposals, voters }) {
  const artifacts = compiledContracts();
  const onGovernor = (name, ...args) => call(artifacts.GlowGovernor.abi, governor, name, ...args);
  const onToken = (name, ...args) => call(artifacts.GlowToken.abi, token, name, ...args);
  const proposalAnswers = [];
  for (const { id, snapshot, description } of proposals) {
    const key = BigInt(id);
    const [against, inFavour, abstain] = await onGovernor("proposalVotes", key);
    const voterAnswers = [];
    for (const voter of voters) {
      voterAnswers.push({
        voter,
        hasVoted: await onGovernor("hasVoted", key, voter),
        pastVotes: await onToken("getPastVotes", voter, BigInt(snapshot)),
      });
    }
    proposalAnswers.push({
      id,
      description,
      state: await onGovernor("state", key),
      proposer: await onGovernor("proposalProposer", key),
      snapshot: await onGovernor("proposalSnapshot", key),
      deadline: await onGovernor("proposalDeadline", key),
      eta: await onGovernor("proposalEta", key),
      votes: { against, for: inFavour, abstain },
      quorum: await onGovernor("quorum", BigInt(snapshot)),
      pastTotalSupply: await onToken("getPastTotalSupply", BigInt(snapshot)),
      details: await onGovernor("proposalDetails", key),
      voters: voterAnswers,
    });
  }
  return {
    clock: await onGovernor("clock"),
    name: await onGovernor("name"),
    votingDelay: await onGovernor("votingDelay"),
    votingPeriod: await onGovernor("votingPeriod"),
    proposalThreshold: await onGovernor("proposalThreshold"),
    proposalCount: await onGovernor("proposalCount"),
    timelock: await onGovernor("timelock"),
    totalSupply: await onToken("totalSupply"),
    votes: await Promise.all(voters.map((voter) => onToken("getVotes", voter))),
    balances: await Promise.all(voters.map((voter) => onToken("balanceOf", voter))),
    nonces: await Promise.all(voters.map((voter) => onGovernor("nonces", voter))),
    proposals: proposalAnswers,
  };
}

/** @param {string} _ @param {unknown} value */
function replaceBigInt(_, value) {
  return typeof value === "bigint" ? value.toString() : value;
}
