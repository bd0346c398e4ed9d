// Tabs find each other through a gateway, outlive it, and introduce each other without one. Each tab is in a
// browser process of its own, so that nothing but the network connects them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startStack } from "../../scripts/stack.mjs";
import { bareSwarm } from "./bare.mjs";
import { allOrNothing, byId, launch, open, until, visit, waitForPhase } from "./browser.mjs";

/**
 * Browsers hide a page's own addresses behind names that are asked for by multicast, which containers often do not carry.
 * What is tested here begins with the addresses.
 */
const ADDRESSES_IN_THE_OPEN = "--disable-features=WebRtcHideLocalIpsWithMdns";
const TOPIC = "/eth2/01020304/light_client_finality_update/ssz_snappy";

/** @type {import("../../scripts/stack.mjs").Stack} */
let stack;
/** @type {import("playwright-core").Browser[]} */
let browsers = [];

before(async () => {
  [stack, ...browsers] = await allOrNothing([
    startStack({ replay: "fulu", gateways: 1 }),
    ...Array.from({ length: 3 }, () => launch(ADDRESSES_IN_THE_OPEN)),
  ]);
}, { timeout: 180_000 });
after(async () => {
  await Promise.all(browsers.map((browser) => browser.close()));
  await stack?.stop();
});

/** What the carrier in between does, in a page of its own: a connection to each of the two, and every byte passed on. */
const IN_BETWEEN = () => {
  const passed = { toSeeker: 0, toSought: 0 };
  /** @type {string} */
  let offer;
  const end = () => {
    const connection = new RTCPeerConnection();
    const channel = connection.createDataChannel("", { negotiated: true, id: 0 });
    channel.binaryType = "arraybuffer";
    const open = new Promise((resolve) => channel.addEventListener("open", resolve, { once: true }));
    /** As `description.rs` has it. */
    const description = async () => {
      await connection.setLocalDescription();
      while (connection.iceGatheringState !== "complete") await new Promise((resolve) => setTimeout(resolve, 20));
      const sdp = connection.localDescription?.sdp ?? "";
      const lines = ["a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:"].map((start) => sdp.split("\r\n").find((line) => line.startsWith(start)));
      const addresses = [...sdp.matchAll(/a=candidate:\S+ 1 udp \d+ \S+ \d+ typ host/gu)].map(([line]) => line);
      return [...lines, ...addresses, ""].join("\r\n");
    };
    const meet = (/** @type {"offer" | "answer"} */ type, /** @type {string} */ text) => connection.setRemoteDescription({
      type,
      sdp: ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE 0", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0", "a=mid:0", `a=setup:${type === "offer" ? "actpass" : "active"}`, "a=sctp-port:5000", text].join("\r\n"),
    });
    return { channel, open, description, meet };
  };
  const [seeker, sought] = [end(), end()];
  const pass = (/** @type {typeof seeker} */ from, /** @type {typeof seeker} */ to, /** @type {"toSeeker" | "toSought"} */ name) =>
    from.channel.addEventListener("message", async ({ data }) => {
      await to.open;
      to.channel.send(data);
      passed[name] += 1;
    });
  pass(seeker, sought, "toSought");
  pass(sought, seeker, "toSeeker");
  Object.assign(window, {
    passed,
    /** Another offer for the one sought. */
    offered: (/** @type {string} */ text) => {
      offer = text;
      return sought.description();
    },
    /** Another answer for the seeker. */
    answered: async (/** @type {string} */ text) => {
      await sought.meet("answer", text);
      await seeker.meet("offer", offer);
      return seeker.description();
    },
  });
};

/** What a carrier does to what it is given, done where it is sent: `window.carry` tells what to say instead. */
const SWAP = () => {
  const START = "a=ice-ufrag:";
  const { prototype } = RTCDataChannel;
  const original = prototype.send;
  const binary = (/** @type {Uint8Array} */ bytes) => String.fromCharCode(...bytes);
  const bytesOf = (/** @type {string} */ text) => Uint8Array.from(text, (character) => character.charCodeAt(0));
  const varint = (/** @type {number} */ value) => value < 128 ? String.fromCharCode(value) : String.fromCharCode((value % 128) + 128, Math.floor(value / 128));
  const waiting = new WeakMap();
  prototype.send = function (/** @type {any} */ data) {
    const frame = binary(data);
    const at = frame.indexOf(START);
    if (at < 0 && !waiting.has(this)) return original.call(this, data);
    const before = waiting.get(this) ?? Promise.resolve();
    waiting.set(this, before.then(async () => {
      if (at < 0) return original.call(this, data);
      // A frame's length, and in it the message's tag and length; an answer has one byte before the description, an offer a peer id as well.
      const message = frame.slice(frame.indexOf("\x12") + 3);
      const head = message.slice(0, message.indexOf(START));
      const said = head + await /** @type {any} */ (window).carry(head.length === 1 ? "answered" : "offered", message.slice(head.length));
      const inner = `\x12${varint(said.length)}${said}`;
      original.call(this, bytesOf(varint(inner.length) + inner));
    }));
  };
};

const gatewayId = () => stack.gateways[0].address.split("/p2p/")[1];

/**
 * A bare swarm that wants one other tab, and takes two; or that wants none.
 * @param {import("playwright-core").Browser} browser
 */
async function tab(browser, tabs = 1) {
  const visitor = await bareSwarm(browser, stack.url, { topics: [TOPIC], tabs });
  const { page } = visitor;
  const id = await page.evaluate("swarm.peerId");
  /** @param {string} peer @param {string} type */
  const heard = (peer, type) => page.evaluate(([peer, type]) =>
    // @ts-ignore the bare swarm's
    window.heard.findLast((event) => event.peer === peer && event.type === type), [peer, type]);
  return {
    ...visitor,
    id: /** @type {string} */ (id),
    dial: (/** @type {string} */ address) => page.evaluate((address) => /** @type {any} */ (window).swarm.dial(address), address),
    heard,
    /** The links to tabs that it has now, with who introduced them. */
    tabs: () => page.evaluate(() => {
      const links = /** @type {Map<string, string>} */ (new Map());
      for (const event of /** @type {any} */ (window).heard) {
        if (event.type === "connected" && event.kind === "tab") links.set(event.peer, event.address.split("/")[2]);
        if (event.type === "disconnected") links.delete(event.peer);
      }
      return [...links].map(([peer, introducer]) => ({ peer, introducer }));
    }),
    /** The WebRTC connections that it has now. */
    connections: () => page.evaluate(() =>
      /** @type {any} */ (window).connections.filter((/** @type {RTCPeerConnection} */ { connectionState }) => connectionState === "connected").length),
    publish: (/** @type {number[]} */ bytes) => page.evaluate(([topic, bytes]) =>
      /** @type {any} */ (window).swarm.publish(topic, new Uint8Array(/** @type {any} */ (bytes))).then(() => true, () => false), [TOPIC, bytes]),
    /** Whether a message came from a peer; it is accepted, and so goes on. */
    accepts: (/** @type {string} */ peer, /** @type {number} */ first) => page.evaluate(([peer, first]) => {
      const { heard, swarm } = /** @type {any} */ (window);
      const message = heard.find((/** @type {any} */ event) => event.type === "gossip" && event.data[0] === first);
      if (message === undefined) return false;
      swarm.report(message.messageId, message.peer, "accept");
      return message.peer === peer;
    }, [peer, first]),
  };
}

test("tabs are introduced by a gateway, outlive it, and are introduced by each other", async () => {
  const [one, two] = await Promise.all(browsers.slice(0, 2).map((browser) => tab(browser)));
  const started = Date.now();
  for (const each of [one, two]) await each.dial(stack.gateways[0].address);
  await until("the first two to be introduced", async () => (await one.tabs()).length + (await two.tabs()).length === 2, one.page);
  console.log(`two tabs were introduced ${Date.now() - started} ms after they dialled their gateway`);
  assert.deepEqual(await one.tabs(), [{ peer: two.id, introducer: gatewayId() }]);
  assert.deepEqual(await two.tabs(), [{ peer: one.id, introducer: gatewayId() }]);
  assert.deepEqual([await one.connections(), await two.connections()], [2, 2], "one to the gateway, one to the tab");

  const end = await tab(browsers[2]);
  await end.dial(stack.gateways[0].address);
  await until("the third to be introduced", async () => (await end.tabs()).length === 1, end.page);
  const [middle, other] = (await end.tabs())[0].peer === one.id ? [one, two] : [two, one];
  await until("both to know of it", async () => (await middle.tabs()).length === 2, middle.page);

  await stack.gateways[0].kill();
  for (const each of [one, two, end]) {
    await until("the gateway to be missed", async () => (await each.heard(gatewayId(), "disconnected")) !== undefined, each.page);
  }
  assert.deepEqual([await middle.connections(), await other.connections(), await end.connections()], [2, 1, 1]);

  await until("a message to be published", () => other.publish([7, 1, 2, 3]), other.page);
  await until("it to come to the one in the middle", () => middle.accepts(other.id, 7), middle.page);
  await until("it to come to the third", () => end.accepts(middle.id, 7), end.page);

  await end.dial(`/p2p/${middle.id}/webrtc/p2p/${other.id}`);
  await until("a new link without any gateway", async () => (await end.tabs()).length === 2, end.page);
  assert.deepEqual((await end.tabs()).find(({ peer }) => peer === other.id), { peer: other.id, introducer: middle.id });
  await until("the other side to know of it", async () => (await other.tabs()).length === 2, other.page);
  assert.deepEqual([await middle.connections(), await other.connections(), await end.connections()], [2, 2, 2]);
  await until("a message over it", () => end.publish([8, 1, 2, 3]), end.page);
  await until("it to arrive", async () => (await other.accepts(end.id, 8)) || other.accepts(middle.id, 8), other.page);

  for (const each of [one, two, end]) {
    assert.deepEqual(each.uncaught(), []);
    await each.close();
  }
  await stack.gateways[0].restart();
});

test("a carrier that stands in between with its own certificates gets nowhere", async () => {
  const between = await visit(browsers[2], new URL("/config.json", stack.url).href);
  await between.page.evaluate(IN_BETWEEN);
  // One seeks and is not to be had itself, so that nobody else's offer gets in between.
  const [seeker, sought] = await Promise.all([tab(browsers[0], 0), tab(browsers[1])]);
  for (const [{ page }, spoilt] of /** @type {const} */ ([[seeker, "offered"], [sought, "answered"]])) {
    await page.exposeFunction("carry", (/** @type {string} */ method, /** @type {string} */ text) => method !== spoilt ? text :
      between.page.evaluate(([method, text]) => /** @type {any} */ (window)[/** @type {string} */ (method)](text), [method, text]));
    await page.evaluate(SWAP);
  }
  for (const each of [seeker, sought]) {
    await each.dial(stack.gateways[0].address);
    await until("the gateway to be there", async () => (await each.heard(gatewayId(), "connected")) !== undefined, each.page);
  }
  const address = `/p2p/${gatewayId()}/webrtc/p2p/${sought.id}`;
  const failures = () => seeker.page.evaluate((address) => /** @type {any[]} */ (/** @type {any} */ (window).heard)
    .filter((event) => event.type === "dial_failed" && event.address === address).map(({ reason }) => reason), address);
  const passed = () => between.page.evaluate(() => /** @type {any} */ (window).passed);
  let dials = 0;
  await until("their bytes to be passed on in both directions", async () => {
    const { toSeeker, toSought } = await passed();
    if (toSeeker > 0 && toSought > 0) return true;
    // It is refused while the other seeks as well.
    if ((await failures()).length === dials) {
      dials += 1;
      await seeker.dial(address);
    }
    return false;
  }, seeker.page);
  await until("the introduction to fail", async () => (await failures()).length === dials, seeker.page);
  console.log(`passed on ${JSON.stringify(await passed())}; then: ${(await failures()).at(-1)}`);
  assert.deepEqual([await seeker.tabs(), await sought.tabs()], [[], []]);
  for (const { close } of [between, seeker, sought]) await close();
});

test("the page lists who is a gateway and who is a tab, and keeps its tab when the gateway dies", async () => {
  const visitors = await Promise.all(browsers.slice(0, 2).map((browser) => visit(browser, stack.url)));
  for (const { page } of visitors) {
    await waitForPhase(page, "synced");
    await open(page, "network");
  }
  const row = (/** @type {import("playwright-core").Page} */ page, /** @type {string} */ kind, /** @type {string} */ state) =>
    page.locator(`[data-testid="peer-row"][data-kind="${kind}"][data-state="${state}"]`);
  for (const { page } of visitors) {
    await until("a tab and a gateway in the list", async () =>
      (await row(page, "tab", "connected").count()) === 1 && (await row(page, "gateway", "connected").count()) === 1, page);
    assert.match(await row(page, "tab", "connected").innerText(), /Tab · introduced by 12D3Koo/u);
    const picture = byId(page, "swarm-picture");
    assert.equal(await picture.locator('.node[data-kind="tab"]').count(), 1);
    assert.match((await picture.getAttribute("aria-label")) ?? "", /linked to 1 other tab\. Gateways: 1 connected/u);
  }
  await stack.gateways[0].kill();
  for (const { page } of visitors) {
    await until("the gateway to be missed", async () => (await row(page, "gateway", "connected").count()) === 0, page);
    assert.equal(await row(page, "tab", "connected").count(), 1);
  }
  for (const { close } of visitors) await close();
});
