// Whom a tab dials besides its configured gateways: pkg/discovery.js with a swarm of the test's own.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Discovery, HEAD_START_MS, LIST_AFTER_MS, WANTED } from "../../pkg/discovery.js";

const addressOf = (/** @type {string} */ peer, port = 1) => `/dns4/${peer}.example/tcp/${port}/wss/p2p/${peer}`;
const recordOf = (/** @type {string} */ peer) => ({ peer, addresses: [addressOf(peer)], envelope: new TextEncoder().encode(peer) });

/** @type {string[][]} */
let dialled;
/** @type {string[][]} */
let learnt;
/** @type {Set<string>} */
let connected;
/** @type {Map<string, any>} */
let known;
/** @type {Map<string, Uint8Array>} */
let stored;
/** @type {(() => Promise<string[]>) | undefined} */
let fetchGateways;
/** @type {Discovery} */
let discovery;
let clock = 0;

function start() {
  discovery = new Discovery({
    dial: (addresses) => void dialled.push(addresses),
    learn: (addresses) => void learnt.push(addresses),
    connected: () => connected,
    configured: () => new Set(["configured"]),
    records: () => [...known.values()],
    fetchGateways,
    storage: Promise.resolve({
      load: async (key) => stored.get(key),
      store: async (key, value) => void stored.set(key, value),
    }),
  });
  return discovery.open((envelope) => {
    const peer = new TextDecoder().decode(envelope);
    known.set(peer, recordOf(peer));
  });
}

/** Lets time pass, and what is promised come. */
async function wait(/** @type {number} */ ms) {
  for (const end = clock + ms; clock < end; ) {
    clock += 500;
    mock.timers.tick(500);
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  }
}
const peersDialled = () => dialled.map(([address]) => (address ?? "").split("/p2p/")[1]);
const fail = (/** @type {string} */ peer) => discovery.dialFailed(addressOf(peer));

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setInterval", "Date"] });
  clock = 0;
  mock.method(performance, "now", () => clock);
  [dialled, learnt, connected, known, stored, fetchGateways] = [[], [], new Set(), new Map(), new Map(), undefined];
});

test("configured gateways have a head start, and the core dials them", async () => {
  for (const peer of ["configured", "a"]) known.set(peer, recordOf(peer));
  await start();
  await wait(HEAD_START_MS - 500);
  assert.deepEqual(dialled, []);
  await wait(3_000);
  assert.deepEqual(peersDialled(), ["a"]);
});

test("a few at a time, and none once there are enough", async () => {
  for (let number = 0; number < 64; number += 1) known.set(`peer${number}`, recordOf(`peer${number}`));
  await start();
  await wait(20_000);
  assert.equal(dialled.length, 2, "nobody has answered yet");
  connected.add("configured");
  for (const peer of peersDialled()) {
    connected.add(peer ?? "");
    discovery.connected(peer ?? "");
  }
  assert.equal(connected.size, WANTED);
  await wait(60_000);
  assert.equal(dialled.length, 2);
  connected.delete("configured");
  await wait(4_000);
  assert.equal(dialled.length, 3, "one is wanted again");
});

test("who does not answer is dialled later and later, and others meanwhile", async () => {
  known.set("a", recordOf("a"));
  await start();
  await wait(8_000);
  fail("a");
  await wait(14_000);
  assert.equal(dialled.length, 1);
  await wait(4_000);
  assert.equal(dialled.length, 2);
  fail("a");
  await wait(26_000);
  assert.equal(dialled.length, 2);
  known.set("b", recordOf("b"));
  await wait(2_000);
  assert.deepEqual(peersDialled(), ["a", "a", "b"]);
});

test("who worked is remembered over a reload, and comes first", async () => {
  for (let number = 0; number < 20; number += 1) known.set(`peer${number}`, recordOf(`peer${number}`));
  await start();
  await wait(1_000);
  connected.add("peer7");
  discovery.connected("peer7");
  await wait(500);
  discovery.close();
  [connected, known] = [new Set(), new Map()];
  await start();
  await wait(500);
  assert.equal(known.size, 20, "all records are");
  await wait(HEAD_START_MS + 2_000);
  assert.equal(peersDialled()[0], "peer7");
});

test("who was dropped for a lie is no candidate for as long as it is banned, and loses its rank", async () => {
  for (const peer of ["a", "b", "c"]) known.set(peer, recordOf(peer));
  await start();
  discovery.connected("a");
  discovery.dropped("a", true);
  await wait(9 * 60_000);
  assert.ok(!peersDialled().includes("a"));
  assert.deepEqual(new Set(peersDialled()), new Set(["b", "c"]));
});

test("who was dropped for less is tried again after a minute", async () => {
  known.set("a", recordOf("a"));
  await start();
  discovery.connected("a");
  discovery.dropped("a", false);
  await wait(58_000);
  assert.deepEqual(dialled, []);
  await wait(4_000);
  assert.deepEqual(peersDialled(), ["a"]);
});

test("a spoilt record of storage is none", async () => {
  for (const text of ["", "{", "7", "null", '[{"envelope":7}]']) {
    stored.set("net/records", new TextEncoder().encode(text));
    await start();
    discovery.close();
  }
  assert.equal(known.size, 0);
});

test("the list is fetched anew when nobody is reached, and its gateways come before records", async () => {
  let fetched = 0;
  fetchGateways = async () => {
    fetched += 1;
    if (fetched === 1) throw new Error("the server is down, too");
    return [addressOf("listed"), addressOf("listed", 2), addressOf("configured", 7)];
  };
  await start();
  await wait(LIST_AFTER_MS - 2_000);
  assert.equal(fetched, 0);
  await wait(4_000);
  assert.equal(fetched, 1);
  await wait(30_000);
  assert.equal(fetched, 1, "not all the time");
  for (let number = 0; number < 20; number += 1) known.set(`peer${number}`, recordOf(`peer${number}`));
  dialled.length = 0;
  for (let number = 0; number < 20; number += 1) fail(`peer${number}`);
  await wait(31_000);
  assert.equal(fetched, 2);
  assert.deepEqual(learnt, [[addressOf("configured", 7)]], "it has moved");
  for (let number = 0; number < 20; number += 1) fail(`peer${number}`);
  await wait(4_000);
  assert.ok(dialled.some((addresses) => addresses.length === 2 && addresses[0] === addressOf("listed")));
  connected.add("listed");
  await wait(120_000);
  assert.equal(fetched, 2, "somebody is reached");
});
