// Four gateways die, two at once and then one by one; six tabs, each in a browser process of its own, go on.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startStack } from "../../scripts/stack.mjs";
import { allOrNothing, launch, rpc, until } from "./browser.mjs";
import { survivor } from "./survivor.mjs";

const SLOT_SECONDS = 3;
const TABS = 6;
/** How many slots a tab's head may be behind the newest one that the chain's own node could prove at that time. */
const LAG_SLOTS_MAX = 2;
/** For how long the heads are watched after each killing: longer than it takes to notice that a peer is dead. */
const WATCH_SLOTS = 7;
/** Messages that are on their way while gateways are killed, and the time between two of them. */
const [BALLOTS, BALLOT_MS] = [12, 250];
const RETURN_MS_MAX = 30_000;
/** See `tabs.spec.mjs`: containers often do not carry the names that hide a page's own addresses. */
const ADDRESSES_IN_THE_OPEN = "--disable-features=WebRtcHideLocalIpsWithMdns";

/** @typedef {import("./survivor.mjs").Survivor} Survivor */
/** @type {import("../../scripts/stack.mjs").Stack} */
let stack;
/** @type {import("playwright-core").Browser[]} */
let browsers = [];
/** @type {Survivor[]} */
let tabs = [];
let ballots = 0;
const startedAt = Date.now();

before(async () => {
  [stack, ...browsers] = await allOrNothing([
    startStack({ gateways: 4, devnet: { slotSeconds: SLOT_SECONDS } }),
    ...Array.from({ length: TABS }, () => launch(ADDRESSES_IN_THE_OPEN)),
  ]);
}, { timeout: 240_000 });
after(async () => {
  await Promise.all(browsers.map((browser) => browser.close()));
  await stack?.stop();
});

test("six tabs outlive four gateways", { timeout: 600_000 }, async () => {
  const addresses = stack.gateways.map(({ address }) => address);
  tabs = await Promise.all(browsers.map((browser) => survivor(browser, stack.url, addresses)));
  const heads = watchHeads();
  try {
    await until("links that connect all tabs", async () => isConnected(await linksAmongTabs()));
    await tellLinks("six tabs follow the chain");
    await castAndDeliver([0]);

    await heads.while("half of the gateways are killed", () => castWhileKilling(0, 1));
    await heads.while("the third of four gateways is killed", () => castWhileKilling(2));
    const shown = await Promise.all(tabs.map((tab) => tab.heads()));
    shown.forEach((each, tab) => assert(each.length >= WATCH_SLOTS, `tab ${tab} showed only ${each.length} heads`));

    await stack.gateways[3].kill();
    await together((tab) => until("the last gateway to be missed", async () => (await tab.gateways()) === 0, tab.bare));
    await tellLinks("the last gateway is killed");
    await castAndDeliver([1, 2, 3, 4, 5]);
    await introduceWithoutGateways(0);
    await together((tab) => until("the page to say that its head is old", async () => (await tab.phase()) !== "synced", tab.page));

    await returnOfAGateway();
    tell(`${await compareWithTheChain()} heads of ${TABS} tabs are what the chain's node has at their slots`);
  } catch (error) {
    await explain();
    throw error;
  } finally {
    await heads.stop();
  }
  await together((tab) => tab.close());
});

/** @param {string} text */
const tell = (text) => console.log(`${((Date.now() - startedAt) / 1_000).toFixed(0).padStart(4)} s  ${text}`);

/** @template T @param {(tab: Survivor, index: number) => Promise<T>} action */
const together = (action) => Promise.all(tabs.map(action));

/** The newest head that can be proven now: the one that the newest signatures are for. */
async function provableSlot() {
  const response = await fetch(`${stack.devnet.beaconUrl}/eth/v1/beacon/light_client/optimistic_update`);
  return Number((await response.json()).data.attested_header.beacon.slot);
}

/** Some four times a slot, how far each tab's head is behind what can be proven. */
function watchHeads() {
  let lags = /** @type {number[]} */ ([]);
  let [samples, running] = [0, true];
  const done = (async () => {
    while (running) {
      // The chain is asked first: what happens while the tabs are asked is in their favour, and a slow machine no fault of theirs.
      const provable = await provableSlot();
      const slots = await together((tab) => tab.slot());
      lags = slots.map((slot, tab) => Math.max(lags[tab] ?? 0, provable - slot));
      samples += 1;
      await sleep((SLOT_SECONDS * 1_000) / 4);
    }
  })();
  return {
    /** @param {string} what @param {() => Promise<void>} action */
    async while(what, action) {
      [lags, samples] = [[], 0];
      await action();
      await sleep(WATCH_SLOTS * SLOT_SECONDS * 1_000);
      tell(`${what}: heads of the tabs at most ${lags.join(", ")} slots behind what can be proven, in ${samples} samples`);
      lags.forEach((lag, tab) => assert(lag <= LAG_SLOTS_MAX, `tab ${tab} lost the head for ${lag} slots`));
    },
    async stop() {
      running = false;
      await done;
    },
  };
}

/** Each tab's links to the bare swarms of the others, which alone carry ballots. */
async function linksAmongTabs() {
  const ids = await together((tab) => tab.id());
  const links = await together((tab) => tab.links());
  return links.map((each) => each.map(({ peer }) => ids.indexOf(peer)).filter((index) => index !== -1));
}

/**
 * Whether everybody reaches everybody along links that both ends know of, without any gateway.
 * @param {number[][]} links of each tab
 */
function isConnected(links) {
  const reached = new Set([0]);
  for (const from of reached) {
    for (const to of links[from]) if (links[to].includes(from)) reached.add(to);
  }
  return reached.size === links.length;
}

/** @param {string} what */
async function tellLinks(what) {
  const gateways = await together((tab) => tab.gateways());
  const links = (await linksAmongTabs()).map((each, tab) => `${tab}–${each.sort().join("")}`);
  tell(`${what}: connected to ${gateways.join(", ")} gateways, links ${links.join(" ")}`);
}

/**
 * Ballots of some tabs, which all get as they were cast. Nobody casts twice: what is lost, is missed. But who knows nobody yet that takes
 * part is told so, and tries again.
 * @param {number[]} casting
 */
async function castAndDeliver(casting) {
  const cast = /** @type {number[]} */ ([]);
  for (const [index, from] of casting.entries()) {
    if (index > 0) await sleep(BALLOT_MS);
    ballots += 1;
    cast.push(ballots);
    const ballot = [ballots, from];
    await until(`ballot ${ballots} to be published`, () => tabs[from].cast(ballot), tabs[from].bare);
  }
  await together((tab, index) => until(`ballots ${cast.join(", ")} to arrive at tab ${index}`, async () => {
    const got = await tab.ballots();
    return cast.every((ballot, order) => casting[order] === index || got.some(([number]) => number === ballot));
  }));
  for (const [index, tab] of tabs.entries()) {
    const expected = cast.map((ballot, order) => [ballot, casting[order]]).filter(([, from]) => from !== index);
    const got = (await tab.ballots()).filter(([number]) => cast.includes(number)).sort(([one], [other]) => one - other);
    assert.deepEqual(got, expected, `tab ${index} got each ballot once, as it was cast`);
  }
  tell(`${cast.length} ballots of the tabs ${[...new Set(casting)].join(", ")} arrived everywhere`);
}

/** @param {...number} dying gateways, in the middle of the ballots */
async function castWhileKilling(...dying) {
  const killing = sleep((BALLOTS * BALLOT_MS) / 2).then(() => Promise.all(dying.map((index) => stack.gateways[index].kill())));
  await castAndDeliver(Array.from({ length: BALLOTS }, (_, index) => index % TABS));
  await killing;
}

/**
 * A tab loses all links but one to another of the six, and gets new ones through tabs, since no gateway is left.
 * @param {number} lonely
 */
async function introduceWithoutGateways(lonely) {
  const tab = tabs[lonely];
  const gateways = new Set(stack.gateways.map(({ address }) => address.split("/p2p/")[1]));
  // The pages' own swarms are linked to it, too; but these have no use for it, and leave when they have a better link.
  const others = (await together((each) => (each === tab ? Promise.resolve([]) : each.connections()))).flat();
  const [kept] = (await tab.connections()).filter(({ remote }) => others.some(({ local }) => local === remote));
  assert(kept, "it is linked to one of the six");
  const after = await tab.breakLinks(kept.index);
  const madeByTabs = async () => (await tab.links()).filter(({ at, introducer }) => at > after && !gateways.has(introducer));
  await until("a new link through a third tab", async () => (await madeByTabs()).length > 0, tab.bare);
  await until("links that connect all tabs", async () => isConnected(await linksAmongTabs()), tab.bare);
  const links = (await madeByTabs()).map(({ peer, introducer }) => `${peer.slice(-6)} by ${introducer.slice(-6)}`);
  await tellLinks(`tab ${lonely} kept one link, and was introduced to ${links.join(", ")}`);
  await castAndDeliver([lonely, 1]);
}

async function returnOfAGateway() {
  await stack.gateways[3].restart();
  const [provable, returned] = [await provableSlot(), Date.now()];
  const times = await together(async (tab, index) => {
    await until(`tab ${index} to follow the head again`, async () =>
      (await tab.phase()) === "synced" && (await tab.slot()) >= provable, tab.page, RETURN_MS_MAX);
    return Date.now() - returned;
  });
  tell(`one gateway returned: the tabs follow the head after ${times.map((ms) => (ms / 1_000).toFixed(1)).join(", ")} s`);
}

/** Every head that any tab showed as proven, against the node's block; gives how many there were. */
async function compareWithTheChain() {
  const shown = (await together((tab) => tab.heads())).flat();
  const { genesisTime } = stack.devnet.network;
  for (const number of new Set(shown.map((head) => head.number))) {
    const block = await rpc(stack.devnet.executionUrl, "eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
    const slot = (Number(block.timestamp) - genesisTime) / SLOT_SECONDS;
    const different = shown.filter((head) => head.number === number && (head.hash !== block.hash || head.slot !== slot));
    assert.deepEqual(different, [], `block ${number} is ${block.hash} of slot ${slot}, and something else was shown as proven`);
  }
  return shown.length;
}

/** What each tab knows, for whoever has to find out why something failed. */
async function explain() {
  await tellLinks("failed").catch(() => {});
  for (const [index, tab] of tabs.entries()) tell(`tab ${index}: ${JSON.stringify(await tab.state().catch(String))}`);
}
