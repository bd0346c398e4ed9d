import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeFunctionResult, encodeFunctionData, parseEther } from "viem";
import { compiledContracts } from "./contracts/compile.mjs";
import { startDevnet } from "./index.mjs";
import { jsonRpc } from "./json-rpc.mjs";
import { fetchData, fetchJson } from "./network.mjs";

process.env.LODESTAR_PRESET = "minimal";
const { referenceLightClient } = await import("./consensus/reference-light-client.mjs");

const LIGHT_CLIENT = "/eth/v1/beacon/light_client";
const SSZ = { headers: { accept: "application/octet-stream" } };
const SLOT_MS = 1000;
const EPOCH_MS = 8 * SLOT_MS;
/** A change is in force from the next slot on; a loaded machine may be late by another one. */
const SETTLE_MS = 2 * SLOT_MS;
const PATIENCE_MS = 60_000;
/** In the order of IGovernor.ProposalState. */
const STATES = ["pending", "active", "canceled", "defeated", "succeeded", "queued", "expired", "executed"];

describe("a devnet", () => {
  /** @type {import("./index.mjs").Devnet} */
  let devnet;
  before(async () => {
    devnet = await startDevnet();
  });
  after(() => devnet?.stop());

  const get = (/** @type {string} */ path) => fetchJson(devnet.beaconUrl + path);
  const rpc = (/** @type {string} */ method, /** @type {unknown[]} */ ...params) =>
    jsonRpc(devnet.executionUrl, method, params);
  const head = async () => Number((await fetchData(`${devnet.beaconUrl}/eth/v1/node/syncing`)).head_slot);
  const optimisticUpdate = () => get(`${LIGHT_CLIENT}/optimistic_update`);
  const attestedSlot = async () => Number((await optimisticUpdate()).data.attested_header.beacon.slot);
  const clockSlot = () => Math.floor(Date.now() / 1000) - devnet.network.genesisTime;

  test("is at the clock's slot and serves a bootstrap for its checkpoint", async () => {
    assert.ok(Math.abs((await head()) - clockSlot()) <= 2);
    const { data } = await get(`${LIGHT_CLIENT}/bootstrap/${devnet.checkpoint}`);
    assert.ok(Number(data.header.beacon.slot) >= devnet.contracts.deployedAtSlot);
    assert.equal(Number(data.header.beacon.slot) % 8, 0);
    assert.equal((await fetch(`${devnet.beaconUrl}${LIGHT_CLIENT}/bootstrap/0x${"00".repeat(32)}`)).status, 404);
  });

  test("convinces Lodestar's light client", async () => {
    const { network, checkpoint } = devnet;
    const client = referenceLightClient(network, checkpoint, await get(`${LIGHT_CLIENT}/bootstrap/${checkpoint}`));
    const updates = await get(`${LIGHT_CLIENT}/updates?start_period=0&count=8`);
    const finality = await get(`${LIGHT_CLIENT}/finality_update`);
    const optimistic = await optimisticUpdate();
    const slot = clockSlot();
    for (const update of updates) client.onUpdate(slot, update);
    client.onFinalityUpdate(slot, finality);
    client.onOptimisticUpdate(slot, optimistic);
    assert.ok(client.finalizedSlot >= devnet.contracts.deployedAtSlot);
    assert.ok(slot - client.optimisticSlot <= 3);
  });

  test("executes what the headers say", async () => {
    const { data } = await get(`${LIGHT_CLIENT}/finality_update`);
    const { execution } = data.finalized_header;
    const block = await rpc("eth_getBlockByNumber", `0x${Number(execution.block_number).toString(16)}`, false);
    assert.equal(block.hash, execution.block_hash);
    assert.equal(block.stateRoot, execution.state_root);
    assert.equal((await rpc("eth_getBlockByNumber", "finalized", false)).hash.length, 66);
  });

  test("answers with SSZ when asked to", async () => {
    const response = await fetch(`${devnet.beaconUrl}${LIGHT_CLIENT}/updates?start_period=0&count=1`, SSZ);
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.equal(response.headers.get("eth-consensus-version"), "fulu");
    assert.equal(bytes.readBigUInt64LE(0), BigInt(bytes.length - 8));
    for (const path of ["finality_update", "optimistic_update", `bootstrap/${devnet.checkpoint}`]) {
      const answer = await fetch(`${devnet.beaconUrl}${LIGHT_CLIENT}/${path}`, SSZ);
      assert.equal(answer.headers.get("content-type"), "application/octet-stream");
      assert.ok((await answer.arrayBuffer()).byteLength > 500);
    }
  });

  test("announces blocks and updates by events", async () => {
    const topics = "head,light_client_finality_update,light_client_optimistic_update";
    const response = await fetch(`${devnet.beaconUrl}/eth/v1/events?topics=${topics}`);
    const seen = new Set();
    let text = "";
    for await (const chunk of /** @type {any} */ (response.body)) {
      text += Buffer.from(chunk).toString();
      for (const [event] of text.matchAll(/(?<=^event: ).*$/gm)) seen.add(event);
      if (seen.size === 3) break;
    }
    assert.deepEqual([...seen].sort(), topics.split(",").sort());
  });

  test("has proposals of every state, a treasury, and an untouched account 0", async () => {
    const { governors, treasury, proposals, tokens } = devnet.contracts;
    const { abi } = compiledContracts().GlowGovernor;
    for (const { id, state } of proposals) {
      const data = encodeFunctionData({ abi, functionName: "state", args: [BigInt(id)] });
      const answer = await rpc("eth_call", { to: governors[0].address, data }, "latest");
      assert.equal(STATES[Number(decodeFunctionResult({ abi, functionName: "state", data: answer }))], state);
    }
    assert.equal(new Set(proposals.map(({ state }) => state)).size, 6);
    assert.equal(BigInt(await rpc("eth_getBalance", treasury, "latest")), parseEther("100"));
    assert.notEqual(await rpc("eth_getCode", tokens[0].address, "latest"), "0x");
    assert.equal(Number(await rpc("eth_getTransactionCount", devnet.accounts[0].address, "latest")), 0);
  });

  test("withholds participation", async () => {
    const signers = async () => bitCount((await optimisticUpdate()).data.sync_aggregate.sync_committee_bits);
    await devnet.control({ participation: 0.5 });
    await until(async () => (await signers()) === 16);
    await devnet.control({ participation: 0 });
    await sleep(SETTLE_MS);
    const before = await attestedSlot();
    await sleep(2 * SLOT_MS);
    assert.equal(await attestedSlot(), before);
    await devnet.control({ participation: 1 });
    await until(async () => (await attestedSlot()) > before);
  });

  test("pauses, skips slots and goes on", async () => {
    await devnet.control({ paused: true });
    await sleep(SETTLE_MS);
    const paused = await head();
    await sleep(2 * SLOT_MS);
    assert.equal(await head(), paused);
    const skipUntil = clockSlot() + 2;
    await devnet.control({ paused: false, skipUntil });
    await until(async () => (await head()) >= skipUntil);
    assert.equal((await get(`/eth/v1/beacon/headers/${skipUntil - 1}`)).code, 404);
    assert.equal((await get(`/eth/v1/beacon/headers/${skipUntil}`)).data.header.message.slot, String(skipUntil));
  });

  test("stops finality when nobody attests", async () => {
    await devnet.control({ noAttest: true });
    await sleep(EPOCH_MS + SETTLE_MS);
    const finalized = async () => (await get("/eth/v1/beacon/headers/finalized")).data.root;
    const before = await finalized();
    await sleep(EPOCH_MS + SETTLE_MS);
    assert.equal(await finalized(), before);
    await devnet.control({ noAttest: false });
    await until(async () => (await finalized()) !== before);
  });

  test("refuses settings that it does not know", async () => {
    await assert.rejects(devnet.control(/** @type {any} */ ({ weather: "rain" })), /unknown setting weather/);
    await assert.rejects(devnet.control({ participation: 2 }), /participation cannot be 2/);
  });
});

test("a devnet that crosses a fork and a change of blob parameters", async (context) => {
  const fuluEpoch = 4;
  const blobSchedule = [{ epoch: 8, maxBlobsPerBlock: 12 }];
  const devnet = await startDevnet({ fork: "electra", fuluEpoch, blobSchedule, warmupSlots: 80 });
  context.after(() => devnet.stop());
  const { network, checkpoint, beaconUrl } = devnet;
  assert.deepEqual(
    network.forks.slice(-2).map(({ name, epoch }) => [name, epoch]),
    [
      ["electra", 0],
      ["fulu", fuluEpoch],
    ],
  );
  assert.deepEqual(network.blobSchedule, blobSchedule);
  const client = referenceLightClient(
    network,
    checkpoint,
    await fetchJson(`${beaconUrl}${LIGHT_CLIENT}/bootstrap/${checkpoint}`),
  );
  const digests = [0, fuluEpoch, 8].map(client.forkDigest);
  assert.equal(new Set(digests).size, 3);
  const response = await fetch(`${beaconUrl}${LIGHT_CLIENT}/updates?start_period=1&count=1`, SSZ);
  assert.equal(
    Buffer.from(await response.arrayBuffer())
      .subarray(8, 12)
      .toString("hex"),
    digests[2],
  );
  client.onFinalityUpdate(network.genesisTime, await fetchJson(`${beaconUrl}${LIGHT_CLIENT}/finality_update`));
});

test("nothing is left after stop, nor when the parent is killed", async () => {
  const script = `
    const { startDevnet } = await import(${JSON.stringify(new URL("index.mjs", import.meta.url).href)});
    const { pids, directory } = await startDevnet();
    console.log(JSON.stringify({ pids, directory }));
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(parent.stdout, "data");
  const { pids, directory } = JSON.parse(line);
  assert.ok(pids.every(isAlive) && existsSync(directory));
  parent.kill("SIGKILL");
  for (let round = 0; round < 50 && (pids.some(isAlive) || existsSync(directory)); round++) await sleep(100);
  assert.deepEqual(pids.filter(isAlive), []);
  assert.equal(existsSync(directory), false);

  const devnet = await startDevnet();
  await devnet.stop();
  assert.deepEqual(
    devnet.pids.filter((pid) => isAlive(/** @type {number} */ (pid))),
    [],
  );
  assert.equal(existsSync(devnet.directory), false);
});

test("an impossible start says why", async () => {
  await assert.rejects(startDevnet({ slotSeconds: 0.5 }), /slotSeconds/);
  await assert.rejects(startDevnet({ validators: 0 }), /^Error: the beacon chain ended \(.+\):\n.+/s);
});

/** @param {() => Promise<boolean>} condition */
async function until(condition) {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `not within ${PATIENCE_MS / 1000} s: ${condition}`);
    await sleep(100);
  }
}

/** @param {string} bits */
const bitCount = (bits) => BigInt(bits).toString(2).replaceAll("0", "").length;

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
