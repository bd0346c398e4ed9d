#!/usr/bin/env node
// Records what a block's state remembers of the past: hashes of blocks (EIP-2935) and beacon roots (EIP-4788), with their
// proofs, of a fresh devnet. `node tests/devnet/record-history.mjs [--help]`
import { mkdirSync, writeFileSync } from "node:fs";
import { startDevnet } from "./index.mjs";
import { jsonRpc } from "./json-rpc.mjs";

const OUTPUT = new URL("../vectors/devnet-history/", import.meta.url);
const HISTORY_STORAGE = "0x0000f90827f1c53a10cb7a02335b175320002935";
const BEACON_ROOTS = "0x000f3df6d732807ef1319fb7b8bb8522d0beac02";
/** Both contracts keep as many. */
const RING = 8191n;
/** How far behind the recorded block. */
const DISTANCES = [1n, 2n, 17n];
const NOTHING_MISSED_MS = 1500;

if (process.argv.includes("--help")) {
  console.log("Usage: node tests/devnet/record-history.mjs\nWrites tests/vectors/devnet-history/history.json.");
} else {
  const devnet = await startDevnet();
  try {
    await devnet.control({ paused: true });
    await new Promise((resolve) => setTimeout(resolve, NOTHING_MISSED_MS));
    const recording = await record(devnet.executionUrl);
    mkdirSync(OUTPUT, { recursive: true });
    writeFileSync(new URL("history.json", OUTPUT), `${JSON.stringify(recording, null, 1)}\n`);
    console.log(`recorded block ${Number(recording.block.number)}`);
  } finally {
    await devnet.stop();
  }
}

/** @param {string} url */
async function record(url) {
  const rpc = (/** @type {string} */ method, /** @type {unknown[]} */ ...params) => jsonRpc(url, method, params);
  const hex = (/** @type {bigint} */ number) => `0x${number.toString(16)}`;
  const word = (/** @type {bigint} */ number) => `0x${number.toString(16).padStart(64, "0")}`;
  const block = await rpc("eth_getBlockByNumber", "latest", true);
  const ancestors = [];
  const beaconRoots = [];
  for (const distance of DISTANCES) {
    const number = BigInt(block.number) - distance;
    const ancestor = await rpc("eth_getBlockByNumber", hex(number), true);
    const proof = await rpc("eth_getProof", HISTORY_STORAGE, [word(number % RING)], block.number);
    ancestors.push({ block: ancestor, proof });
  }
  for (const { timestamp, parentBeaconBlockRoot } of [block, ...ancestors.map((entry) => entry.block)]) {
    const index = BigInt(timestamp) % RING;
    const proof = await rpc("eth_getProof", BEACON_ROOTS, [word(index), word(index + RING)], block.number);
    beaconRoots.push({ timestamp, root: parentBeaconBlockRoot, proof });
  }
  return { block, ancestors, beaconRoots };
}
