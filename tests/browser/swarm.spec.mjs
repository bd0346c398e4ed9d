// The swarm's wasm by itself, in real Chromium against a real gateway: what only a browser can show of
// the transport.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startStack } from "../../scripts/stack.mjs";
import { bareSwarm } from "./bare.mjs";
import { NO_CHANGED_CREDENTIALS, allOrNothing, launch } from "./browser.mjs";

/** @type {import("../../scripts/stack.mjs").Stack} */
let stack;
/** @type {import("playwright-core").Browser} */
let browser;

before(async () => {
  [stack, browser] = await allOrNothing([startStack({ replay: "fulu", gateways: 1 }), launch()]);
}, { timeout: 180_000 });
after(async () => {
  await browser?.close();
  await stack?.stop();
});

const bare = () => bareSwarm(browser, stack.url);

/**
 * Runs in the page, with the gateway's address.
 * @template T
 * @param {import("playwright-core").Page} page
 * @param {(window: any, address: string, body: number[]) => Promise<T>} work
 * @param {number[]} [body]
 * @returns {Promise<T>}
 */
const inPage = (page, work, body = []) =>
  page.evaluate(`(${work})(window, ${JSON.stringify(stack.gateways[0]?.address)}, ${JSON.stringify(body)})`);

/** A root as Ethereum's protocols send it: its length, then snappy frames with one plain chunk. */
function encodedRoot(/** @type {string} */ root) {
  const bytes = [...Buffer.from(root.slice(2), "hex")];
  let checksum = 0xffff_ffff;
  for (const byte of bytes) {
    checksum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) checksum = (checksum >>> 1) ^ (checksum & 1 ? 0x82f6_3b78 : 0);
  }
  checksum = ~checksum >>> 0;
  const masked = Buffer.alloc(4);
  masked.writeUInt32LE((((checksum >>> 15) | (checksum << 17)) + 0xa282_ead8) >>> 0);
  return [32, 0xff, 6, 0, 0, ...Buffer.from("sNaPpY"), 1, 36, 0, 0, ...masked, ...bytes];
}

test("whether a page may change its own credentials is what this browser was started for", async () => {
  const { page, close } = await bare();
  const refusal = await inPage(page, async () => {
    const connection = new RTCPeerConnection();
    connection.createDataChannel("");
    const { sdp } = await connection.createOffer();
    const changed = sdp?.replaceAll(/a=ice-(ufrag|pwd):.*/gu, "a=ice-$1:libp2p+webrtc+v1/abcdefghijkl");
    return connection.setLocalDescription({ type: "offer", sdp: changed }).then(() => null, ({ name }) => name);
  });
  const mayChange = !process.env.CHROMIUM_FLAGS?.includes(NO_CHANGED_CREDENTIALS);
  assert.equal(refusal, mayChange ? null : "InvalidModificationError");
  await close();
});

test("gossip arrives within a second of connecting; requests pass in all sizes, both ways", async () => {
  const { page, uncaught, close } = await bare();
  const result = await inPage(page, async ({ swarm, next }, address, body) => {
    const connected = next("connected");
    swarm.dial(address);
    const { peer, at } = await connected;
    // Its answer names the fork, and so the topic.
    const latest = await swarm.request(peer, "light_client_finality_update", new Uint8Array(0), 10_000);
    const digest = [...latest.slice(1, 5)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const gossip = next("gossip");
    swarm.subscribe(`/eth2/${digest}/light_client_finality_update/ssz_snappy`);
    const message = await gossip;
    swarm.report(message.messageId, peer, "accept");
    const bootstrap = await swarm.request(peer, "light_client_bootstrap", new Uint8Array(body), 10_000);
    // Larger than a message may be, so that it goes in many; and no transaction, so that it is refused.
    const refused = await swarm.request(peer, "state", new Uint8Array(128 * 1024).fill(3), 20_000);
    return {
      gossipMs: message.at - at, idLength: message.messageId.length,
      success: bootstrap[0], bootstrapLength: bootstrap.length, refusal: refused[0],
    };
  }, encodedRoot(stack.config.checkpoint));
  assert.ok(result.gossipMs < 1_000, `the first gossip came after ${result.gossipMs} ms`);
  assert.equal(result.idLength, 20);
  assert.equal(result.success, 0);
  assert.ok(result.bootstrapLength > 20_000, `${result.bootstrapLength} bytes of bootstrap`);
  assert.equal(result.refusal, 6);
  assert.deepEqual(uncaught(), []);
  await close();
});

test("a connection that was closed leaves no error behind, and is made again at once", async () => {
  const { page, uncaught, close } = await bare();
  const answers = await inPage(page, async ({ swarm, next }, address) => {
    const lengths = [];
    for (let round = 0; round < 5; round += 1) {
      const connected = next("connected");
      swarm.dial(address);
      const { peer } = await connected;
      const answer = await swarm.request(peer, "light_client_optimistic_update", new Uint8Array(0), 10_000);
      lengths.push(answer.length);
      const gone = next("disconnected");
      swarm.disconnect(peer, "enough");
      if ((await gone).reason !== "enough") lengths.push(-1);
    }
    return lengths;
  });
  assert.ok(answers.every((length) => length > 500), `${answers}`);
  assert.deepEqual(uncaught(), []);
  await close();
});

test("a request fails with its own code", async () => {
  const { page, close } = await bare();
  const codes = await inPage(page, async ({ swarm, next }, address) => {
    const connected = next("connected");
    swarm.dial(address);
    const { peer } = await connected;
    const stranger = "12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo";
    const code = (/** @type {any[]} */ ...request) =>
      swarm.request(...request).then(() => "none", (/** @type {any} */ error) => error.code);
    return [
      await code(stranger, "state", new Uint8Array(1), 1_000),
      await code(peer, "state", new Uint8Array(1_000_000), 1_000),
      await code(peer, "light_client_finality_update", new Uint8Array(0), 0),
      await code(peer, "nonsense", new Uint8Array(0), 1_000),
    ];
  });
  assert.deepEqual(codes, ["disconnected", "too_large", "timeout", "failed"]);
  await close();
});

test("streams that have ended leave no data channel open", async () => {
  const { page, uncaught, close } = await bare();
  const { opened, closed } = await inPage(page, async ({ swarm, next, connections }, address) => {
    const connected = next("connected");
    swarm.dial(address);
    const { peer } = await connected;
    // Each is a stream of its own. Many are refused for their number, which is an answer as well.
    for (let number = 0; number < 200; number += 1) {
      await swarm.request(peer, "light_client_optimistic_update", new Uint8Array(0), 10_000).catch(() => {});
    }
    await new Promise((resolve) => setTimeout(resolve, 7_000));
    const stats = [...(await connections[0].getStats()).values()].find(({ type }) => type === "peer-connection");
    return { opened: stats.dataChannelsOpened, closed: stats.dataChannelsClosed };
  });
  assert.ok(opened > 200, `${opened} data channels were opened`);
  assert.ok(opened - closed < 12, `${opened - closed} of ${opened} data channels are still open`);
  assert.deepEqual(uncaught(), []);
  await close();
});

test("a browser that throws wherever it can makes a dial fail, and the next one works", async () => {
  const { page, uncaught, close } = await bare();
  const reasons = await inPage(page, async ({ swarm, next }, address) => {
    const reasons = [];
    const Original = RTCPeerConnection;
    const broken = () => { throw new DOMException("broken by the test", "OperationError"); };
    for (const name of ["createDataChannel", "createOffer", "setLocalDescription", "setRemoteDescription"]) {
      const original = Original.prototype[name];
      Original.prototype[name] = broken;
      const failed = next("dial_failed");
      swarm.dial(address);
      reasons.push((await failed).reason);
      Original.prototype[name] = original;
    }
    for (const missing of [undefined, class { constructor() { broken(); } }]) {
      window.RTCPeerConnection = missing;
      const failed = next("dial_failed");
      swarm.dial(address);
      reasons.push((await failed).reason);
    }
    window.RTCPeerConnection = Original;
    const connected = next("connected");
    swarm.dial(address);
    await connected;
    return reasons;
  });
  assert.equal(reasons.length, 6);
  assert.ok(reasons.every((reason) => reason.length > 0), `${reasons}`);
  assert.deepEqual(uncaught(), []);
  await close();
});

test("a crash rejects what is open, and is told", async () => {
  const { page, close } = await bare();
  const result = await inPage(page, async ({ swarm, next, heard }, address) => {
    const connected = next("connected");
    swarm.dial(address);
    const { peer } = await connected;
    const open = swarm.request(peer, "state", new Uint8Array(256 * 1024), 60_000);
    const closed = next("closed");
    // Entropy that fails is a reason to stop. It is asked for anew after some thousand keys.
    crypto.getRandomValues = () => { throw new Error("broken by the test"); };
    try {
      for (let number = 0; number < 10_000; number += 1) new swarm.constructor({}, () => {});
    } catch {
      // That is the crash.
    }
    const rejected = await open.then(() => "answered", (/** @type {any} */ error) => error.code);
    return { rejected, reason: (await closed).reason, types: heard.map(({ type }) => type) };
  });
  assert.equal(result.rejected, "failed");
  assert.match(result.reason, /panicked/u);
  assert.deepEqual(result.types, ["connected", "closed"]);
  await close();
});

