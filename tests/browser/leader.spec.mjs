// Tabs of one origin: one leads and has the connections, the others use them; when it is gone, another takes over, and nothing unverified is
// shown meanwhile.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { startStack } from "../../scripts/stack.mjs";
import { PASSPHRASE, allOrNothing, byId, importKey, launch, lookUp, open, provenWei, rpc, until, waitForPhase } from "./browser.mjs";

/** What a user is promised, printed beside what was measured; the limits of the assertions are a busy machine's. */
const PROMISED_MS = 2_000;
const LIMIT_MS = 20_000;

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {{ at: number, phase: string, role: string, slot: number, finalized: number, peers: number }} Sight */

/** @type {import("../../scripts/stack.mjs").Stack} */
let stack;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("playwright-core").BrowserContext} */
let context;
/** @type {string[]} */
let errors = [];

before(async () => {
  [stack, browser] = await allOrNothing([startStack({ gateways: 1 }), launch()]);
}, { timeout: 180_000 });
after(async () => {
  await browser?.close();
  await stack?.stop();
});
beforeEach(async () => {
  errors = [];
  context = await browser.newContext();
  await context.addInitScript(() => {
    const made = /** @type {RTCPeerConnection[]} */ ([]);
    const Original = RTCPeerConnection;
    window.RTCPeerConnection = class extends Original {
      /** @param {RTCConfiguration} [configuration] */
      constructor(configuration) {
        super(configuration);
        made.push(this);
      }
    };
    Object.assign(window, { made });
  });
});
afterEach(() => context.close());

/** Another tab of the same visitor. @param {"synced" | "failed"} [phase] */
async function tab(phase = "synced") {
  const page = await context.newPage();
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(stack.url);
  await waitForPhase(page, phase);
  return page;
}

/** @param {Page} page */
const status = (page) => page.evaluate(() => /** @type {any} */ (window).lampyris.state());
/** @param {Page} page */
const connections = (page) => page.evaluate(() => /** @type {any} */ (window).made.length);

/** How many peers the gateway has. */
async function gatewaysPeers() {
  const text = await (await fetch(new URL("/metrics", stack.gateways[0]?.metricsUrl))).text();
  return Number(text.match(/^lampyris_peers(?:\{.*\})? (\d+)/mu)?.[1]);
}

/** From now on the page keeps what it is told and what it shows, each time that either changes. @param {Page} page */
const watch = (page) => page.evaluate(() => {
  const sights = /** @type {any[]} */ ([]);
  const { lampyris } = /** @type {any} */ (window);
  const see = (/** @type {any} */ { phase, role, optimistic, finalized, peers }) => sights.push({
    at: Date.now(), phase, role, slot: optimistic?.slot ?? -1, finalized: finalized?.slot ?? -1,
    peers: peers.filter((/** @type {any} */ { state }) => state === "connected").length,
  });
  lampyris.addEventListener("status", (/** @type {any} */ { detail }) => see(detail));
  setInterval(() => void lampyris.state().then(see), 20);
  Object.assign(window, { sights });
});

/**
 * Ends the leader, and gives what a follower saw from then on until it, or the one that it follows then, was synced again.
 * @param {Page[]} followers
 * @param {() => Promise<unknown>} end
 */
async function handedOver(followers, end) {
  await Promise.all(followers.map(watch));
  await followers[0]?.waitForTimeout(500);
  const endedAt = Date.now();
  await end();
  const [newLeader] = await Promise.all(followers.map(async (page) => {
    await until("a hand-over", async () => {
      const sights = await sightsOf(page, endedAt);
      const gap = sights.findIndex(({ phase }) => phase !== "synced");
      return gap >= 0 && sights.slice(gap).some(({ phase }) => phase === "synced");
    }, page, LIMIT_MS);
    return (await status(page)).role === "leader" ? page : null;
  })).then((pages) => pages.filter((page) => page !== null));
  for (const page of followers) gapIsHonest(await sightsOf(page, endedAt), endedAt);
  assert.ok(newLeader, "one of the followers leads");
  return newLeader;
}

/** @param {Page} page @param {number} from @returns {Promise<Sight[]>} */
async function sightsOf(page, from) {
  const sights = await page.evaluate(() => /** @type {any} */ (window).sights);
  return sights.filter((/** @type {Sight} */ { at }) => at >= from);
}

/** @param {Sight[]} sights @param {number} endedAt */
function gapIsHonest(sights, endedAt) {
  const gap = sights.findIndex(({ phase }) => phase !== "synced");
  const again = sights.findIndex(({ phase }, index) => index > gap && phase === "synced");
  console.log(`as ${sights[again]?.role}: noticed after ${(sights[gap]?.at ?? 0) - endedAt} ms, `
    + `synced again after ${(sights[again]?.at ?? 0) - endedAt} ms (promised: ${PROMISED_MS} ms)`);
  for (const [index, sight] of sights.entries()) {
    const before = sights[index - 1] ?? sight;
    assert.ok(sight.slot >= before.slot, `the head went back from ${before.slot} to ${sight.slot}`);
    assert.ok(sight.finalized >= before.finalized, `the finalized head went back from ${before.finalized} to ${sight.finalized}`);
    if (index >= gap && index < again) assert.equal(sight.phase, "ageing");
    if (sight.phase === "synced") assert.ok(sight.peers > 0, "synced, with nobody connected");
  }
}

test("three tabs have one set of connections; a follower's balance is proven", { timeout: 120_000 }, async () => {
  const leader = await tab();
  const followers = [await tab(), await tab()];
  const counts = await Promise.all([leader, ...followers].map(connections));
  console.log(`RTCPeerConnections: leader ${counts[0]}, followers ${counts.slice(1).join(" and ")}; peers of the gateway: ${await gatewaysPeers()}`);
  assert.ok((counts[0] ?? 0) > 0);
  assert.deepEqual(counts.slice(1), [0, 0]);
  await until("one peer of the gateway", async () => (await gatewaysPeers()) === 1);

  const [follower] = followers;
  assert.ok(follower);
  const [{ address }] = stack.devnet.accounts.slice(5);
  await lookUp(follower, address);
  assert.equal(await provenWei(follower), BigInt(await rpc(stack.devnet.executionUrl, "eth_getBalance", [address, "latest"])));
  const answer = await follower.evaluate(async (address) => {
    const { lampyris } = /** @type {any} */ (window);
    const error = await lampyris.balance("0x12").catch((/** @type {any} */ error) => error);
    const aborted = await lampyris.balance(address, AbortSignal.abort()).catch((/** @type {any} */ error) => error.name);
    return { type: error.constructor.name, code: error.code, fault: error.fault, aborted };
  }, address);
  assert.deepEqual(answer, { type: "ClientError", code: "invalid_argument", fault: "caller", aborted: "AbortError" });

  for (const page of [leader, follower]) await open(page, "network");
  await until("the leader to say so", async () => /leads; 2 other tabs/u.test(await byId(leader, "sharing").innerText()), leader);
  assert.equal(await byId(follower, "sharing").getAttribute("data-role"), "follower");
  await followers[1]?.close();
  await until("the leader to count one less", async () => /leads; 1 other tab/u.test(await byId(leader, "sharing").innerText()), leader);
  assert.deepEqual(errors, []);
});

test("the leader is closed: another takes over, without an unverified gap", { timeout: 120_000 }, async () => {
  const leader = await tab();
  const followers = [await tab(), await tab()];
  const next = await handedOver(followers, () => leader.close());
  const [{ address }] = stack.devnet.accounts.slice(5);
  for (const page of followers) {
    await lookUp(page, address);
    await provenWei(page);
    assert.equal((await connections(page)) > 0, page === next);
  }
  await until("one peer of the gateway", async () => (await gatewaysPeers()) === 1);
  assert.deepEqual(errors, []);
});

test("the leader's renderer crashes: another takes over, without an unverified gap", { timeout: 120_000 }, async () => {
  const leader = await tab();
  const followers = [await tab(), await tab()];
  const session = await context.newCDPSession(leader);
  await handedOver(followers, async () => void session.send("Page.crash").catch(() => {}));
});

test("the leader's thread stands still: its place is taken, and it follows when it is back", { timeout: 120_000 }, async () => {
  const leader = await tab();
  const follower = await tab();
  const back = leader.evaluate(() => {
    const end = Date.now() + 25_000;
    while (Date.now() < end);
  });
  await until("the follower to lead", async () => (await status(follower)).role === "leader", follower, 60_000);
  await waitForPhase(follower, "synced");
  await back;
  await until("the one that led to follow", async () => (await status(leader)).role === "follower", leader);
  await waitForPhase(leader, "synced");
  assert.equal(await leader.evaluate(() => /** @type {any} */ (window).made.filter((/** @type {any} */ { connectionState }) => connectionState === "connected").length), 0);
});

test("the leader leaves for another page, and follows when it comes back", { timeout: 120_000 }, async () => {
  const leader = await tab();
  const follower = await tab();
  await handedOver([follower], () => leader.goto(new URL("/icon.svg", stack.url).href));
  await leader.goBack();
  await waitForPhase(leader, "synced");
  assert.equal((await status(leader)).role, "follower");
});

test("the leader is frozen: it gives up before, and follows when it is awake", { timeout: 120_000 }, async () => {
  const leader = await tab();
  const follower = await tab();
  // A browser freezes no page that is visible, and these all are: the events are what it would send.
  await handedOver([follower], () => leader.evaluate(() => document.dispatchEvent(new Event("freeze"))));
  await leader.evaluate(() => document.dispatchEvent(new Event("resume")));
  await until("the one that led to follow", async () => (await status(leader)).role === "follower", leader);
  await waitForPhase(leader, "synced");
});

test("what the leader did when it went: reads are asked again, what may not be repeated says so", { timeout: 120_000 }, async () => {
  const leader = await tab();
  const follower = await tab();
  const account = stack.devnet.accounts[4];
  await importKey(follower, account.privateKey);
  // The leader's worker answers nothing any more, as if all peers were slow.
  await leader.evaluate(() => Object.assign(BroadcastChannel.prototype, { postMessage() {} }));
  const asked = follower.evaluate(async ({ from, to }) => {
    const { lampyris } = /** @type {any} */ (window);
    const read = lampyris.balance(to).then((/** @type {any} */ { value }) => String(value.wei));
    const sent = lampyris.send({ from, to, value: 0n }).catch((/** @type {any} */ { code, message }) => ({ code, message }));
    return { read: await read, sent: await sent };
  }, { from: account.address, to: stack.devnet.accounts[5].address });
  await follower.waitForTimeout(1_000);
  await leader.close({ runBeforeUnload: false });
  const { read, sent } = await asked;
  assert.equal(BigInt(read), BigInt(await rpc(stack.devnet.executionUrl, "eth_getBalance", [stack.devnet.accounts[5].address, "latest"])));
  assert.equal(sent.code, "unavailable");
  assert.match(sent.message, /tab that led/u);
});

test("an account is open in all tabs until the tab that opened it, or the leader, is closed", { timeout: 120_000 }, async () => {
  const leader = await tab();
  const [follower, opener] = [await tab(), await tab()];
  await importKey(opener, stack.devnet.accounts[6].privateKey);
  const isLocked = async (/** @type {Page} */ page, /** @type {string} */ locked) => {
    await open(page, "accounts");
    const row = byId(page, "account-row").first();
    await until(`locked: ${locked}`, async () => (await row.getAttribute("data-locked")) === locked, page);
  };
  await isLocked(leader, "false");
  await isLocked(follower, "false");
  await opener.close();
  await isLocked(leader, "true");
  await isLocked(follower, "true");
  await byId(follower, "unlock-passphrase").first().fill(PASSPHRASE);
  await byId(follower, "unlock-submit").first().click();
  await isLocked(leader, "false");
  await leader.close();
  await isLocked(follower, "true");
  assert.deepEqual(errors, []);
});

test("what one tab clears is gone in the others", { timeout: 120_000 }, async () => {
  const leader = await tab();
  const follower = await tab();
  await importKey(leader, stack.devnet.accounts[6].privateKey);
  await open(follower, "settings");
  await byId(follower, "clear-state").click();
  await byId(follower, "clear-confirm").click();
  await open(leader, "accounts");
  await until("no account", async () => (await byId(leader, "account-row").count()) === 0, leader);
  await waitForPhase(leader, "synced");
  await waitForPhase(follower, "synced");
  assert.deepEqual(errors, []);
});

test("a tab that was started otherwise, or that shares nothing, connects for itself", { timeout: 120_000 }, async () => {
  const leader = await tab();
  const alone = await leader.evaluate(async (config) => {
    const { name: loaded } = /** @type {PerformanceEntry} */ (performance.getEntriesByType("resource").find(({ name }) => name.endsWith("/pkg/index.js")));
    const { createClient } = await import(loaded);
    const roles = [];
    for (const [changed, options] of [[{}, {}], [{}, { share: false }], [{ tokens: [] }, {}]]) {
      const { watch: _, note: __, ...rest } = config;
      const client = await createClient({ ...rest, ...changed }, options);
      roles.push((await client.state()).role);
      await client.close();
    }
    return roles;
  }, stack.config);
  assert.deepEqual(alone, ["follower", "leader", "leader"]);
});

test("without Web Locks each tab leads itself", { timeout: 120_000 }, async () => {
  await context.addInitScript(() => Object.defineProperty(navigator, "locks", { value: undefined }));
  const pages = [await tab(), await tab()];
  for (const page of pages) {
    assert.equal((await status(page)).role, "leader");
    assert.ok((await connections(page)) > 0);
  }
});

test("what other scripts of the origin say on the channels changes nothing", { timeout: 120_000 }, async () => {
  const leader = await tab();
  const follower = await tab();
  await follower.evaluate(async () => {
    const name = (await navigator.locks.query()).held?.map(({ name }) => name ?? "").sort((one, other) => one.length - other.length)[0] ?? "";
    const channel = new BroadcastChannel(name);
    const nonsense = [null, 7, "lead", {}, { type: "lead" }, { type: "lead", leader: 1, term: 2 }, { type: "lead", leader: "x", term: 1 },
      { type: "lead", leader: "x", term: "9e99" }, { type: "join", leader: "x", pipe: "y" }, { type: "join", leader: "x" }, { type: "toString" }];
    for (const message of nonsense) channel.postMessage(message);
    channel.close();
  });
  await leader.waitForTimeout(2_500);
  assert.equal((await status(leader)).role, "leader");
  assert.equal((await status(follower)).role, "follower");
  await waitForPhase(follower, "synced");
  assert.deepEqual(errors, []);
});
