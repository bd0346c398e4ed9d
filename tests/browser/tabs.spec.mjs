// Tabs find each other through a gateway, outlive it, and introduce each other without one. Each tab is in a
// browser process of its own, so that nothing but the network connects them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startStack } from "../../scripts/stack.mjs";
import { bareSwarm } from "./bare.mjs";
import { byId, launch, open, until, visit, waitForPhase } from "./browser.mjs";

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
  [stack, ...browsers] = await Promise.all([
    startStack({ replay: "fulu", gateways: 1 }),
    ...Array.from({ length: 3 }, () => launch(ADDRESSES_IN_THE_OPEN)),
  ]);
}, { timeout: 180_000 });
after(async () => {
  await Promise.all(browsers.map((browser) => browser.close()));
  await stack?.stop();
});

const gatewayId = () => stack.gateways[0].address.split("/p2p/")[1];

/**
 * A bare swarm that wants one other tab, and takes two.
 * @param {import("playwright-core").Browser} browser
 */
async function tab(browser) {
  const visitor = await bareSwarm(browser, stack.url, { topics: [TOPIC], tabs: 1 });
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
  const [one, two] = await Promise.all(browsers.slice(0, 2).map(tab));
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
