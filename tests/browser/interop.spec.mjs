// Other projects' peers in a browser against our gateways and tabs: js-libp2p, and the stock Rust peer as wasm. Both know webrtc-direct in
// its first version only.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startGateway } from "../../scripts/library/gateway.mjs";
import { startStack } from "../../scripts/stack.mjs";
import { servePeers } from "../interop/page/serve.mjs";
import { bareSwarm } from "./bare.mjs";
import { NO_CHANGED_CREDENTIALS, byId, launch, until, visit, waitForPhase } from "./browser.mjs";

/** Heads that have to come, one after the other. */
const HEADS = 3;
/** As in `tabs.spec.mjs`: containers often carry no multicast, by which a page's hidden addresses are found. */
const ADDRESSES_IN_THE_OPEN = "--disable-features=WebRtcHideLocalIpsWithMdns";
/** Nobody but the peers of the test takes part in it. */
const TOPIC = "/eth2/01020304/light_client_finality_update/ssz_snappy";
/** A peer that shows no sign of life is given up before that. */
const LONGER_THAN_SILENCE_MS = 28_000;

/** @type {import("../../scripts/stack.mjs").Stack} */
let stack;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof servePeers>>} */
let peers;
/** @type {(() => unknown)[]} */
const stops = [];

/** A wire to a server that can be cut: its clients then see a node that is gone. */
async function wire(/** @type {string} */ target) {
  const { hostname, port } = new URL(target);
  /** @type {Set<import("node:net").Socket>} */
  const ends = new Set();
  const server = createServer((socket) => {
    const there = connect(Number(port), hostname);
    for (const [end, other] of [[socket, there], [there, socket]]) {
      ends.add(end);
      end.on("error", () => other.destroy()).on("close", () => ends.delete(end) && other.destroy());
      end.pipe(other);
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut: () => {
      server.close();
      for (const end of ends) end.destroy();
    },
  };
}

/** A js-libp2p peer in a context of its own. */
async function jsPeer() {
  const visitor = await visit(browser, `${peers.url}/js`);
  await visitor.page.waitForFunction("window.peer !== undefined");
  return {
    ...visitor,
    /**
     * Runs in the page.
     * @template T
     * @param {(peer: any, ...rest: any[]) => T | Promise<T>} work
     * @param {...unknown} rest
     * @returns {Promise<T>}
     */
    run: (work, ...rest) => visitor.page.evaluate(`(${work})(...[window.peer, ...${JSON.stringify(rest)}])`),
  };
}

/** @param {import("../../scripts/stack.mjs").Gateway} gateway @param {string} name with its labels */
async function metric(gateway, name) {
  const text = await (await fetch(new URL("/metrics", gateway.metricsUrl))).text();
  const line = text.split("\n").find((each) => each.startsWith(`${name} `));
  // What never happened has no line.
  return line === undefined ? 0 : Number(line.slice(name.length));
}

/**
 * The topics that a gateway tells its peers.
 * @param {Awaited<ReturnType<typeof jsPeer>>} js @param {string} gateway
 */
async function topicsOf(js, gateway) {
  /** @type {string[]} */
  let topics = [];
  await until("the gateway's topics", async () => {
    const subscribers = await js.run((peer) => peer.subscribers());
    topics = subscribers.map((/** @type {string} */ each) => each.split(" ")).filter(([peer]) => peer === gateway).map(([, topic]) => topic);
    return topics.length > 1;
  });
  return topics;
}

before(async () => {
  stack = await startStack({ gateways: 1 });
  stops.push(() => stack.stop());
  peers = await servePeers();
  stops.push(() => peers.stop());
  browser = await launch(ADDRESSES_IN_THE_OPEN);
  stops.push(() => browser.close());
}, { timeout: 600_000 });
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

const skip = process.env.CHROMIUM_FLAGS?.includes(NO_CHANGED_CREDENTIALS) ? "they change their own credentials, which this browser refuses" : false;

describe("other projects' peers", { skip }, () => {
  test("js-libp2p connects to a gateway, identifies and pings it, hears the heads by gossip, and stays", async () => {
    const js = await jsPeer();
    const { address } = stack.gateways[0];
    const { peer, ms } = await js.run((peer, address) => peer.dial(address), address);
    assert.ok(address.endsWith(`/p2p/${peer}`));
    const connectedAt = Date.now();
    const roundTrip = await js.run((peer, address) => peer.ping(address), address);
    const identity = await js.run((peer, id) => peer.identify(id), peer);
    assert.match(identity.agentVersion, /^lampyris/u);
    assert.ok(identity.protocols.includes("/ipfs/ping/1.0.0") && identity.protocols.includes("/meshsub/1.1.0"), `${identity.protocols}`);

    const topics = await topicsOf(js, peer);
    await js.run((peer, topics) => topics.forEach(peer.subscribe), topics);
    await until(`${HEADS} heads by gossip`, async () => {
      const heard = await js.run(({ heard }) => heard);
      const slots = new Set(heard.filter(({ topic }) => topic.includes("optimistic")).map(({ slot }) => slot));
      return slots.size >= HEADS;
    });
    const heard = await js.run(({ heard }) => heard);
    const head = Number((await (await fetch(`${stack.devnet.beaconUrl}/eth/v1/beacon/headers/head`)).json()).data.header.message.slot);
    assert.ok(heard.every(({ slot }) => slot <= head), "no head is of the future");
    assert.ok(heard.some(({ topic }) => topic.includes("finality")), "both topics came");

    await js.page.waitForTimeout(Math.max(0, LONGER_THAN_SILENCE_MS - (Date.now() - connectedAt)));
    assert.ok(await js.run((peer, id) => peer.isConnected(id), peer), "its pings are signs of life");
    console.log(`js-libp2p: connected in ${ms.toFixed(0)} ms, pinged in ${roundTrip} ms, ${heard.length} messages`);
    assert.deepEqual(js.errors, []);
    await js.close();
  });

  test("what js-libp2p forwards, a gateway that lost its nodes verifies, and its tab follows", async () => {
    const { beaconUrl, executionUrl, network, checkpoint } = stack.devnet;
    const nodes = await wire(beaconUrl);
    const folder = mkdtempSync(join(tmpdir(), "lampyris-interop-"));
    const orphan = await startGateway({ beaconUrl: nodes.url, executionUrl, network, checkpoint, fixedClockUnixMs: null }, folder);
    stops.push(async () => {
      await orphan.stop();
      nodes.cut();
      rmSync(folder, { recursive: true });
    });
    const js = await jsPeer();
    const { peer } = await js.run((peer, address) => peer.dial(address), orphan.address);
    const topics = await topicsOf(js, peer);
    await js.run((peer, topics) => topics.forEach(peer.subscribe), topics);
    await js.run((peer, address) => peer.dial(address), stack.gateways[0].address);
    await until("a mesh with both", async () => (await js.run((peer, topics) => peer.mesh(topics[0]), topics)).length === 2);
    stack.config.gateways = [orphan.address];
    const tab = await visit(browser, stack.url);
    await waitForPhase(tab.page, "synced");

    nodes.cut();
    const verified = () => metric(orphan, 'lampyris_gossip_received_total{verdict="accepted"}');
    const before = await verified();
    await until(`${HEADS} updates from js-libp2p to be verified`, async () => (await verified()) >= before + HEADS);
    const newest = await js.run(({ heard }) => Math.max(...heard.map(({ slot }) => slot)));
    const slot = async () => Number(await byId(tab.page, "head-slot").getAttribute("data-slot"));
    await until(`head ${newest} in the tab`, async () => (await slot()) >= newest, tab.page);
    assert.equal(await metric(orphan, 'lampyris_gossip_received_total{verdict="rejected"}'), 0);
    console.log(`through js-libp2p: ${(await verified()) - before} updates verified, head ${newest} in the tab`);
    await Promise.all([js.close(), tab.close()]);
  });

  test("the stock Rust peer in a browser connects to a gateway, identifies and pings it", async () => {
    const { page, close } = await visit(browser, `${peers.url}/rust`);
    await page.waitForFunction("window.dialAndPing !== undefined");
    const { agent, milliseconds } = await page.evaluate(`window.dialAndPing(${JSON.stringify(stack.gateways[0].address)}).then(({ agent, milliseconds }) => ({ agent, milliseconds }))`);
    assert.match(agent, /^lampyris/u);
    // Errors are not looked at: its handlers outlive it, and throw.
    console.log(`libp2p-webrtc-websys: pinged in ${milliseconds.toFixed(1)} ms`);
    await close();
  });
});

test("js-libp2p calls a tab through a gateway; connected directly, they ping and exchange gossip", async () => {
  const [{ address, addresses: [, webSocket] }] = stack.gateways;
  const gateway = address.split("/p2p/")[1];
  const tab = await bareSwarm(browser, stack.url, { topics: [TOPIC], tabs: 1 });
  const id = await tab.page.evaluate("swarm.peerId");
  await tab.page.evaluate(`swarm.dial(${JSON.stringify(address)})`);
  const js = await jsPeer();
  const jsId = await js.run((peer) => peer.id);
  // Where its own webrtc-direct is refused it comes to the gateway by WebSocket.
  const there = `${skip === false ? address : webSocket}/p2p-circuit/webrtc/p2p/${id}`;
  /** @type {{ peer: string, ms: number } | undefined} */
  let dialled;
  await until("the tab to be callable, and called", async () => {
    dialled = await js.run((peer, address) => peer.dial(address), there);
    return true;
  }, js.page);
  assert.equal(dialled?.peer, id);
  const links = () => js.run((peer, id) => peer.connections(id), id);
  await until("the relayed connection to be gone", async () => (await links()).length === 1, js.page);
  const [{ direct, isLimited, status, address: remote }] = await links();
  assert.deepEqual({ direct, isLimited, status }, { direct: true, isLimited: false, status: "open" });
  assert.ok(remote.endsWith(`/webrtc/p2p/${id}`), remote);
  await js.run((peer, id) => peer.hangUp(id), gateway);
  const roundTrip = await js.run((peer, id) => peer.pingConnected(id), id);
  const identity = await js.run((peer, id) => peer.identify(id), id);
  assert.match(identity.agentVersion, /^lampyris/u);

  const heard = (/** @type {string} */ type) => tab.page.evaluate(([type, peer]) =>
    /** @type {any} */ (window).heard.findLast((/** @type {any} */ event) => event.type === type && event.peer === peer), [type, jsId]);
  const connected = await heard("connected");
  assert.deepEqual([connected.kind, connected.address], ["tab", `/p2p/${gateway}/p2p-circuit/webrtc/p2p/${jsId}`]);
  // An introduction may have been on its way, which js-libp2p does not know: it is closed without an answer.
  await until("two connections, to the gateway and to js-libp2p", async () => {
    const states = await tab.page.evaluate(() => /** @type {any} */ (window).connections.map((/** @type {RTCPeerConnection} */ { connectionState }) => connectionState));
    return states.filter((/** @type {string} */ state) => state !== "closed").join() === "connected,connected";
  }, tab.page);

  await js.run((peer, topic) => peer.subscribe(topic), TOPIC);
  await until("a mesh of the two", async () => (await js.run((peer, topic) => peer.mesh(topic), TOPIC)).includes(id), js.page);
  await js.run((peer, topic) => peer.publish(topic, [7, 1, 2, 3]), TOPIC);
  await until("its message to come to the tab", async () => (await heard("gossip")) !== undefined, tab.page);
  const message = await heard("gossip");
  // A block of snappy: its length, the tag of a literal, and the literal.
  assert.deepEqual([message.topic, ...Object.values(message.data)], [TOPIC, 4, 12, 7, 1, 2, 3]);
  await tab.page.evaluate(`swarm.publish(${JSON.stringify(TOPIC)}, Uint8Array.of(4, 12, 8, 1, 2, 3))`);
  await until("the tab's message to come to js-libp2p", async () =>
    (await js.run(({ heard }) => heard)).some((/** @type {any} */ { topic, from }) => topic === TOPIC && from === id), js.page);
  assert.equal(await js.run((peer, id) => peer.isConnected(id), gateway), false, "it went from one to the other");
  console.log(`js-libp2p to a tab: connected in ${dialled?.ms.toFixed(0)} ms, pinged in ${roundTrip} ms`);
  assert.deepEqual(tab.uncaught(), []);
  await Promise.all([js.close(), tab.close()]);
});
