import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { REPLAYS, startReplay } from "./index.mjs";

const VECTORS = new URL("../vectors/", import.meta.url);
const LIGHT_CLIENT = "/eth/v1/beacon/light_client";
const SSZ = { accept: "application/octet-stream;q=1.0,application/json;q=0.9" };
const FACTORY = "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f";
const FACTORY_SLOT = "0x290decd9548b62a8ef0d3e6ac11e2d7b95a49e22ecf57fc6044b6f007ca2b2ba";

/** What each chain's oracle says that it ends in. */
const EXPECTED = {
  fulu: { head: 14018019, finalized: 14017952, period: 1711, headBlock: 24784229, clock: 1775040271000 },
  deneb: { head: 9567542, finalized: 9567456, period: 1167, headBlock: 20360682, clock: 1721634547000 },
  electra: { head: 11650268, finalized: 11640928, period: 1421, headBlock: 22432278, clock: 1746627259000 },
};

for (const name of REPLAYS) {
  test(`${name}: head, finality and clock are those of the recording`, async (context) => {
    const { get, rpc, config } = await replay(context, name);
    const expected = EXPECTED[/** @type {keyof typeof EXPECTED} */ (name)];
    const optimistic = (await get(`${LIGHT_CLIENT}/optimistic_update`)).json.data;
    const finality = (await get(`${LIGHT_CLIENT}/finality_update`)).json.data;
    assert.equal(Number(optimistic.attested_header.beacon.slot), expected.head);
    assert.equal(Number(finality.finalized_header.beacon.slot), expected.finalized);
    assert.equal(Number((await get("/eth/v1/node/syncing")).json.data.head_slot), expected.head);
    assert.equal(Number((await rpc("eth_blockNumber")).result), expected.headBlock);
    assert.equal(config.fixedClockUnixMs, expected.clock);
    const signatureStart = 1606824023_000 + Number(optimistic.signature_slot) * 12_000;
    assert.ok(config.fixedClockUnixMs > signatureStart && config.fixedClockUnixMs < signatureStart + 12_000);
  });

  test(`${name}: bootstrap and updates, as JSON and as SSZ`, async (context) => {
    const { get, config } = await replay(context, name);
    const { period } = EXPECTED[/** @type {keyof typeof EXPECTED} */ (name)];
    const bootstrap = await get(`${LIGHT_CLIENT}/bootstrap/${config.checkpoint}`);
    assert.equal(bootstrap.json.data.header.beacon.slot, await slotOf(get, config.checkpoint));
    const updates = await get(`${LIGHT_CLIENT}/updates?start_period=${period}&count=2`);
    assert.equal(updates.json.length, 1);
    const framed = await get(`${LIGHT_CLIENT}/updates?start_period=${period}&count=2`, SSZ);
    assert.equal(framed.bytes.readBigUInt64LE(0), BigInt(framed.bytes.length - 8));
    assert.equal(framed.headers.get("eth-consensus-version"), updates.json[0].version);
    assert.deepEqual((await get(`${LIGHT_CLIENT}/updates?start_period=${period + 1}&count=1`)).json, []);
  });

  test(`${name}: a subscriber gets the last updates at once, and the stream stays open`, async (context) => {
    const { url } = await replay(context, name);
    const topics = "light_client_finality_update,light_client_optimistic_update";
    const response = await fetch(`${url}/eth/v1/events?topics=${topics}`);
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    let text = "";
    while (text.split("\n\n").length < 3) text += Buffer.from((await reader.read()).value ?? []).toString();
    const events = text.match(/(?<=^event: ).*$/gm);
    assert.deepEqual(events, ["light_client_finality_update", "light_client_optimistic_update"]);
    const more = await Promise.race([reader.read(), new Promise((resolve) => setTimeout(resolve, 100, "open"))]);
    assert.equal(more, "open");
    await reader.cancel();
  });

  test(`${name}: what was not recorded is an error`, async (context) => {
    const { get, rpc } = await replay(context, name);
    assert.equal((await get(`${LIGHT_CLIENT}/bootstrap/0x${"ab".repeat(32)}`)).status, 404);
    assert.equal((await get("/eth/v1/beacon/headers/1")).status, 404);
    assert.equal((await get("/eth/v1/beacon/blob_sidecars/head")).status, 404);
    assert.equal((await get(`${LIGHT_CLIENT}/updates`)).status, 400);
    assert.equal((await get(`${LIGHT_CLIENT}/finality_update`, { accept: "text/html" })).status, 406);
    assert.match((await rpc("eth_getLogs", {})).error.message, /not recorded/);
    assert.match((await rpc("eth_getProof", `0x${"11".repeat(20)}`, [], "latest")).error.message, /not recorded/);
    assert.match((await rpc("eth_getBlockByNumber", "0x1", false)).error.message, /not recorded/);
    assert.equal((await rpc("eth_sendRawTransaction", "0x02")).error.code, -32003);
    assert.equal((await rpc("toString")).error.code, -32601);
    assert.equal((await rpc("eth_getBlockByNumber", 7, false)).error.code, -32602);
  });
}

test("fulu: answers are what was recorded, but for the case of addresses, and the finalized block is there in full", async (context) => {
  const { get, rpc, config } = await replay(context, "fulu");
  const recorded = (/** @type {string} */ file) => readJson(`nimbus-verified-proxy-mainnet-fulu/${file}`);
  for (const [path, file] of [
    [`bootstrap/${config.checkpoint}`, "lc_bootstrap.json"],
    ["finality_update", "lc_finality.json"],
    ["optimistic_update", "lc_optimistic.json"],
    ["updates?start_period=1711&count=1", "lc_updates.json"],
  ]) {
    const { json } = await get(`${LIGHT_CLIENT}/${path}`);
    assert.deepEqual(lowerCase(json), lowerCase(recorded(file)));
  }
  const block = (await rpc("eth_getBlockByNumber", "finalized", true)).result;
  assert.equal(Number(block.number), 24784163);
  assert.deepEqual(block, recorded("block_0x17a2d23.json"));
  const { transactions } = (await rpc("eth_getBlockByHash", block.hash, false)).result;
  assert.deepEqual(transactions, block.transactions.map((/** @type {any} */ { hash }) => hash));
  assert.deepEqual((await rpc("eth_getTransactionByHash", transactions[0])).result, block.transactions[0]);
});

test("deneb: SSZ answers are the recorded files", async (context) => {
  const { get, config } = await replay(context, "deneb");
  const recorded = (/** @type {string} */ name) =>
    readFileSync(new URL(`argument-zk-mainnet-deneb/inclusion/LightClient${name}Deneb.ssz`, VECTORS));
  const bootstrap = await get(`${LIGHT_CLIENT}/bootstrap/${config.checkpoint}`, SSZ);
  assert.deepEqual(bootstrap.bytes, recorded("Bootstrap"));
  assert.deepEqual((await get(`${LIGHT_CLIENT}/finality_update`, SSZ)).bytes, recorded("FinalityUpdate"));
  const updates = await get(`${LIGHT_CLIENT}/updates?start_period=1167&count=1`, SSZ);
  assert.deepEqual(updates.bytes.subarray(12), recorded("Update"));
  assert.equal(updates.bytes.subarray(8, 12).toString("hex"), "6a95a1a9");
});

test("deneb: the recorded account's proof, by every name of its block", async (context) => {
  const { rpc } = await replay(context, "deneb");
  const hash = "0x8a5009007f9ba1af6a5ac8142fefee972a3e96d21e3db6498fbb6d410376400e";
  for (const block of ["finalized", "0x136ad94", hash, { blockHash: hash }, { blockNumber: "0x136ad94" }]) {
    const { result } = await rpc("eth_getProof", FACTORY.toLowerCase(), [FACTORY_SLOT], block);
    assert.equal(result.nonce, "0x54835");
    assert.equal(result.storageProof.length, 1);
  }
  const { result } = await rpc("eth_getProof", FACTORY, [], "finalized");
  assert.deepEqual(result.storageProof, []);
  assert.match((await rpc("eth_getProof", FACTORY, ["0x0"], "finalized")).error.message, /storage slot 0x0/);
  assert.match((await rpc("eth_getProof", FACTORY, [], "latest")).error.message, /block 20360682/);
});

test("the command explains itself", async () => {
  const script = fileURLToPath(new URL("replay.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, "--help"]);
  assert.match(stdout, /Usage: node tests\/replay\/replay.mjs/);
  await assert.rejects(promisify(execFile)(process.execPath, [script, "nothing"]), /there is no replay nothing/);
});

/** @param {import("node:test").TestContext} context @param {string} name */
async function replay(context, name) {
  const { beaconUrl, executionUrl, config, stop } = await startReplay(name);
  context.after(stop);
  /** @param {string} path @param {Record<string, string>} [headers] */
  async function get(path, headers = {}) {
    const response = await fetch(beaconUrl + path, { headers });
    const bytes = Buffer.from(await response.arrayBuffer());
    const isJson = response.headers.get("content-type") === "application/json";
    return { status: response.status, headers: response.headers, bytes, json: isJson && JSON.parse(bytes.toString()) };
  }
  /** @param {string} method @param {unknown[]} params @returns {Promise<any>} */
  async function rpc(method, ...params) {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    return (await fetch(executionUrl, { method: "POST", body })).json();
  }
  return { url: beaconUrl, config, get, rpc };
}

/** The slot that the header's route tells for a root. */
async function slotOf(/** @type {any} */ get, /** @type {string} */ root) {
  return (await get(`/eth/v1/beacon/headers/${root}`)).json.data.header.message.slot;
}

/** @param {unknown} json */
const lowerCase = (json) => JSON.parse(JSON.stringify(json).toLowerCase());

/** @param {string} path */
const readJson = (path) => JSON.parse(readFileSync(new URL(path, VECTORS), "utf8"));
