// Four gateways die, two at once and then one by one; six tabs, each in a browser process of its own, go on.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startStack } from "../../scripts/stack.mjs";
import { bareSwarm } from "./bare.mjs";
import { byId, launch, rpc, until, visit, waitForPhase } from "./browser.mjs";

/** Long enough that a busy machine does not look like a lost head. */
const SLOT_SECONDS = 3;
/** A head is signed in the slot after it; two more may be missed. */
const LAG_SLOTS_MAX = 1 + 2;
const TABS = 6;
/** With three of five others each, the tabs are connected among themselves whoever they are. */
const TABS_WANTED = 3;
/** See `tabs.spec.mjs`: containers often do not carry the names that hide a page's own addresses. */
const ADDRESSES_IN_THE_OPEN = "--disable-features=WebRtcHideLocalIpsWithMdns";
/** Ballots are bytes to the swarm, as all gossip is; this topic is no network's. */
const TOPIC = "/eth2/01020304/light_client_finality_update/ssz_snappy";

/** @typedef {Awaited<ReturnType<typeof visitor>>} Tab */
/** @type {import("../../scripts/stack.mjs").Stack} */
let stack;
/** @type {import("playwright-core").Browser[]} */
let browsers = [];

before(async () => {
  [stack, ...browsers] = await Promise.all([
    startStack({ gateways: 4, devnet: { slotSeconds: SLOT_SECONDS } }),
    ...Array.from({ length: TABS }, () => launch(ADDRESSES_IN_THE_OPEN)),
  ]);
}, { timeout: 240_000 });
after(async () => {
  await Promise.all(browsers.map((browser) => browser.close()));
  await stack?.stop();
});

/** @param {Promise<unknown>[]} all */
const together = (all) => Promise.all(all);

/**
 * The page, which follows the chain; and beside it a bare swarm, which carries the ballots: the page has none yet.
 * @param {import("playwright-core").Browser} browser
 */
async function visitor(browser) {
  const { page, close } = await visit(browser, stack.url);
  await waitForPhase(page, "synced");
  const bare = await bareSwarm(browser, stack.url, { topics: [TOPIC], tabs: TABS_WANTED });
  await bare.page.evaluate((addresses) => {
    const { swarm, heard } = /** @type {any} */ (window);
    const ballots = /** @type {Set<number>} */ (new Set());
    Object.assign(window, { ballots });
    let next = 0;
    setInterval(() => {
      for (; next < heard.length; next += 1) {
        const event = heard[next];
        if (event.type !== "gossip") continue;
        ballots.add(event.data[0]);
        swarm.report(event.messageId, event.peer, "accept");
      }
    }, 50);
    for (const address of addresses) swarm.dial(address);
  }, stack.gateways.map(({ address }) => address));
  return {
    page,
    bare: bare.page,
    /** What the page shows as its head: slot and hash. */
    head: () => page.evaluate(() => {
      const part = (/** @type {string} */ id) => document.querySelector(`[data-testid="head-${id}"]`);
      return {
        slot: Number(part("slot")?.getAttribute("data-slot")),
        number: Number(part("block")?.getAttribute("data-value")),
        hash: part("hash")?.getAttribute("data-value"),
      };
    }),
    phase: () => byId(page, "status-phase").getAttribute("data-phase"),
    /** Its links to tabs, each with who introduced it. */
    links: () => bare.page.evaluate(() => {
      const links = /** @type {Map<string, string>} */ (new Map());
      for (const event of /** @type {any} */ (window).heard) {
        if (event.type === "connected" && event.kind === "tab") links.set(event.peer, event.address.split("/")[2]);
        if (event.type === "disconnected") links.delete(event.peer);
      }
      return [...links].map(([peer, introducer]) => ({ peer, introducer }));
    }),
    connected: (/** @type {string} */ kind) => bare.page.evaluate((kind) => {
      const peers = new Set();
      for (const event of /** @type {any} */ (window).heard) {
        if (event.type === "connected" && event.kind === kind) peers.add(event.peer);
        if (event.type === "disconnected") peers.delete(event.peer);
      }
      return peers.size;
    }, kind),
    publish: (/** @type {number} */ ballot) => bare.page.evaluate(([topic, ballot]) =>
      /** @type {any} */ (window).swarm.publish(topic, new Uint8Array([/** @type {number} */ (ballot), 1, 2, 3])).then(() => true, () => false), [TOPIC, ballot]),
    has: (/** @type {number} */ ballot) => bare.page.evaluate((ballot) => /** @type {any} */ (window).ballots.has(ballot), ballot),
    close: async () => {
      await bare.close();
      await close();
    },
  };
}

/**
 * Every half slot, how far each tab's head is behind the chain's, and which heads it showed.
 * @param {Tab[]} tabs
 */
function watchHeads(tabs) {
  const seen = /** @type {Map<number, Set<string>>} */ (new Map());
  let [lagMax, samples, running] = [0, 0, true];
  const done = (async () => {
    while (running) {
      const response = await fetch(`${stack.devnet.beaconUrl}/eth/v1/node/syncing`);
      const chain = Number((await response.json()).data.head_slot);
      for (const { slot, number, hash } of await Promise.all(tabs.map((tab) => tab.head()))) {
        lagMax = Math.max(lagMax, chain - slot);
        seen.set(number, (seen.get(number) ?? new Set()).add(String(hash)));
        samples += 1;
      }
      await sleep((SLOT_SECONDS * 1000) / 2);
    }
  })();
  return {
    seen,
    stop: async () => {
      running = false;
      await done;
      return { lagMax, samples };
    },
  };
}

/**
 * One tab's ballot, which all others get.
 * @param {Tab[]} tabs @param {number} from @param {number} ballot
 */
async function castAndDeliver(tabs, from, ballot) {
  await until("a ballot to be published", () => tabs[from].publish(ballot), tabs[from].bare);
  await together(tabs.filter((_, index) => index !== from).map((tab) =>
    until(`ballot ${ballot} to arrive`, () => tab.has(ballot), tab.bare)));
}

/** @param {Map<number, Set<string>>} seen block numbers and hashes that the pages showed as proven */
async function compareWithTheChain(seen) {
  for (const [number, hashes] of seen) {
    const block = await rpc(stack.devnet.executionUrl, "eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
    assert.deepEqual([...hashes], [block.hash], `block ${number}: something else was shown as proven`);
  }
}

test("six tabs outlive four gateways", { timeout: 600_000 }, async () => {
  const tabs = await Promise.all(browsers.map(visitor));
  await together(tabs.map((tab) => until("links to other tabs", async () => (await tab.links()).length >= TABS_WANTED, tab.bare)));
  await castAndDeliver(tabs, 0, 1);

  const heads = watchHeads(tabs);
  for (const [ballot, dying] of [[2, [0, 1]], [3, [2]]]) {
    const [casting] = await Promise.all([
      castAndDeliver(tabs, 1, /** @type {number} */ (ballot)),
      ...(/** @type {number[]} */ (dying)).map((index) => stack.gateways[index].kill()),
    ]);
    assert.equal(casting, undefined);
    await sleep(8 * SLOT_SECONDS * 1000);
    await castAndDeliver(tabs, 2, /** @type {number} */ (ballot) + 10);
  }
  const { lagMax, samples } = await heads.stop();
  console.log(`with half, then three of four gateways killed: no head more than ${lagMax - 1} slots late in ${samples} samples`);
  assert(lagMax <= LAG_SLOTS_MAX, `a tab lost the head for ${lagMax - 1} slots`);
  assert(heads.seen.size >= 8, "heads were followed");

  await stack.gateways[3].kill();
  await together(tabs.map((tab) => until("the last gateway to be missed", async () => (await tab.connected("gateway")) === 0, tab.bare)));
  await castAndDeliver(tabs, 3, 4);
  await introduceWithoutGateways(tabs);

  const restarted = Date.now();
  await stack.gateways[3].restart();
  await together(tabs.map(async (tab) => until("the head to be followed again", async () => (await tab.phase()) === "synced", tab.page, 30_000)));
  console.log(`one gateway came back: all tabs follow the head after ${Date.now() - restarted} ms`);
  for (const tab of tabs) {
    const { number, hash } = await tab.head();
    heads.seen.set(number, (heads.seen.get(number) ?? new Set()).add(String(hash)));
  }
  await compareWithTheChain(heads.seen);
  await together(tabs.map((tab) => tab.close()));
});

/**
 * A tab loses all links but one, and gets new ones through who is left.
 * @param {Tab[]} tabs
 */
async function introduceWithoutGateways([lonely, ...others]) {
  const before = await lonely.links();
  await lonely.bare.evaluate(() => {
    const open = /** @type {any} */ (window).connections.filter((/** @type {RTCPeerConnection} */ { connectionState }) => connectionState === "connected");
    for (const connection of open.slice(1)) connection.close();
  });
  await until("the broken links to be missed", async () => (await lonely.links()).length < before.length, lonely.bare);
  const gateways = new Set(stack.gateways.map(({ address }) => address.split("/p2p/")[1]));
  await until("a new link through a third tab", async () =>
    (await lonely.links()).some(({ peer, introducer }) =>
      !gateways.has(introducer) && !before.some((link) => link.peer === peer && link.introducer === introducer)), lonely.bare);
  console.log("links after all gateways died:", (await lonely.links()).map(({ peer, introducer }) => `${peer.slice(-6)} by ${introducer.slice(-6)}`).join(", "));
  await castAndDeliver([lonely, ...others], 0, 5);
}
