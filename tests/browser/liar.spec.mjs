// A gateway that lies beside an honest one, in every kind of answer and in every way: the page shows
// no wrong number, drops the liar and names it with its reason, and the honest gateway serves.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startStack } from "../../scripts/stack.mjs";
import { allOrNothing, byId, importKey, launch, lookUp, open, provenWei, rpc, until, visit, waitForPhase } from "./browser.mjs";

const LIARS = 5;
const HOWS = ["silent", "flip", "stale", "cut", "oversized"];
const SYNC_KINDS = ["bootstrap", "update", "finality", "optimistic", "gossip"];
const STATE_KINDS = ["account_proof", "storage_proof", "code"];
const CHAIN_KINDS = ["header", "receipt"];
/** The words with which a reason begins. */
const DEEDS = /^(lied|stale|oversized|silent)\b/u;
/** Silence is noticed at the second unanswered question; each is waited for some seconds. */
const EXPOSURE_MS = 90_000;
/** Who is quicker is asked first: the honest gateway is so late that chance does not decide when the liar is asked. */
const HONEST_LATE_MS = 100;
/** Accounts of the devnet, one for each liar; what others have does not change meanwhile. */
const PAYERS = [3, 4, 5, 6, 7];
const LOOKED_UP = [8, 9];
const RECIPIENT = "0x00000000000000000000000000000000DeaDBeef";

/** @typedef {import("playwright-core").Page} Page */
/** @type {import("../../scripts/stack.mjs").Stack} */
let stack;
/** @type {import("playwright-core").Browser} */
let browser;
/** The liar's program, told no lie. @type {import("../../scripts/stack.mjs").Gateway} */
let honest;

before(async () => {
  const liars = Array.from({ length: LIARS }, () => []);
  const late = ["--late-ms", String(HONEST_LATE_MS)];
  [stack, browser] = await allOrNothing([startStack({ gateways: 0, liars: [...liars, late] }), launch()]);
  honest = /** @type {typeof honest} */ (stack.liars.at(-1));
}, { timeout: 240_000 });
after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** What takes longest begins first, so that all liars are done at about the same time. */
const CASES = [...CHAIN_KINDS, ...STATE_KINDS, ...SYNC_KINDS].flatMap((kind) => HOWS.map((how) => ({ kind, how })));

describe("a liar beside an honest gateway", { concurrency: LIARS }, () => {
  const idle = Array.from({ length: LIARS }, (_, index) => index);
  for (const { kind, how } of CASES) {
    // Nobody can tell a gateway that has no news from one that withholds them: silence is no lie.
    const exposed = !(kind === "gossip" && how === "silent");
    const outcome = exposed ? "dropped and named" : "the honest one's gossip arrives";
    test(`lies in ${kind}, ${how}: ${outcome}`, { timeout: 300_000 }, async () => {
      const index = /** @type {number} */ (idle.pop());
      try {
        await lie(index, kind, how);
        const { page, close } = await visitWith([stack.liars[index], honest]);
        try {
          await waitForPhase(page, "synced");
          await until("the honest gateway, which shall serve", () => isConnected(page, honest), page);
          await provoke(page, index, kind, exposed);
          await open(page, "overview");
          await waitForPhase(page, "synced");
        } finally {
          await close();
        }
      } finally {
        await lie(index, "none", "flip");
        idle.push(index);
      }
    });
  }
});

describe("only a liar", () => {
  test("in bootstraps: a clear state, and no head", { timeout: 120_000 }, async () => {
    await lie(0, "bootstrap", "flip");
    const { page, close } = await visitWith([stack.liars[0]]);
    await until("the liar to be named", () => isNamed(page, 0), page);
    await waitForPhase(page, "connecting", "syncing");
    assert.equal(await byId(page, "head-slot").first().getAttribute("data-slot"), null);
    await close();
    await lie(0, "none", "flip");
  });

  test("in optimistic updates: what was verified is not called current", { timeout: 120_000 }, async () => {
    await lie(0, "optimistic", "flip");
    const { page, close } = await visitWith([stack.liars[0]]);
    await until("the liar to be named", () => isNamed(page, 0), page);
    await waitForPhase(page, "connecting", "ageing");
    await close();
    await lie(0, "none", "flip");
  });

  test("in account proofs: an error instead of a number", { timeout: 120_000 }, async () => {
    await lie(0, "account_proof", "flip");
    const { page, close } = await visitWith([stack.liars[0]]);
    await waitForPhase(page, "synced");
    await lookUp(page, stack.devnet.accounts[7].address);
    await byId(page, "lookup-error").waitFor();
    assert.notEqual(await proven(page), "true");
    await until("the liar to be named", () => isNamed(page, 0), page);
    await close();
    await lie(0, "none", "flip");
  });
});

/**
 * Does what makes the page ask for this kind of answer, until the liar is found out.
 * @param {Page} page @param {number} index @param {string} kind @param {boolean} exposed
 */
async function provoke(page, index, kind, exposed) {
  if (!exposed) {
    await until("gossip of the honest gateway", async () => (await state(page)).firstGossipMs !== null, page);
    return;
  }
  if (CHAIN_KINDS.includes(kind)) await importKey(page, stack.devnet.accounts[PAYERS[index] ?? -1].privateKey);
  const end = Date.now() + EXPOSURE_MS;
  let round = 0;
  while (!(await isNamed(page, index))) {
    assert.ok(Date.now() < end, `not found out; peers: ${JSON.stringify((await state(page)).peers)}`);
    if (STATE_KINDS.includes(kind)) await lookUpAndCompare(page, kind, round);
    if (CHAIN_KINDS.includes(kind)) await payAndWait(page);
    round += 1;
    await page.waitForTimeout(250);
  }
  await open(page, "network");
  const peer = peerOf(stack.liars[index]);
  const row = page.locator(`[data-testid="peer-row"][data-peer="${peer}"]`);
  assert.match(await row.getByTestId("peer-reason").innerText(), /lied|stale|oversized|silent/u);
}

/** @param {Page} page @param {string} kind @param {number} round */
async function lookUpAndCompare(page, kind, round) {
  const [token] = stack.config.tokens;
  const address = kind === "code" ? token.address : stack.devnet.accounts[LOOKED_UP[round % LOOKED_UP.length] ?? -1].address;
  await lookUp(page, address);
  const shown = await provenWei(page);
  if (kind === "account_proof") {
    const expected = BigInt(await rpc(stack.devnet.executionUrl, "eth_getBalance", [address, "latest"]));
    assert.equal(shown, expected, "a wrong balance is shown as proven");
  }
  if (kind === "code") {
    const code = await rpc(stack.devnet.executionUrl, "eth_getCode", [address, "latest"]);
    const bytes = await byId(page, "account-kind").getAttribute("data-code-bytes");
    assert.equal(Number(bytes), code.length / 2 - 1, "a wrong code is shown as proven");
  }
  if (kind === "storage_proof") {
    const place = byId(page, "balance-token").first();
    await until("a proven token balance", async () => (await place.getAttribute("data-proven")) === "true", page);
    assert.equal(await place.getAttribute("data-amount"), "0", "a wrong token balance is shown as proven");
  }
}

/** @param {Page} page */
async function payAndWait(page) {
  await open(page, "accounts");
  const before = await byId(page, "tx-row").count();
  await byId(page, "send-to").fill(RECIPIENT);
  await byId(page, "send-amount").fill("0.001");
  await byId(page, "send-review").click();
  await byId(page, "send-confirm").click();
  await until("the payment to be listed", async () => (await byId(page, "tx-row").count()) > before, page);
  const row = byId(page, "tx-row").first();
  await until("a proven receipt", async () =>
    ["included", "final"].includes((await row.getAttribute("data-stage")) ?? ""), page);
  const hash = await row.getAttribute("data-hash");
  const receipt = await rpc(stack.devnet.executionUrl, "eth_getTransactionReceipt", [hash]);
  assert.equal(receipt.status, "0x1", "a receipt is shown as proven that the chain does not have");
}

/** @param {Page} page */
const state = (page) => page.evaluate(async () => /** @type {any} */ (globalThis).lampyris.state());

/** @param {Page} page */
const proven = (page) => byId(page, "balance-ether").first().getAttribute("data-proven", { timeout: 1_000 }).catch(() => null);

/** @param {Page} page @param {import("../../scripts/stack.mjs").Gateway} gateway */
async function isConnected(page, gateway) {
  const peer = peerOf(gateway);
  return (await state(page)).peers.some((/** @type {any} */ one) => one.id === peer && one.state === "connected");
}

/** @param {Page} page @param {number} index */
async function isNamed(page, index) {
  const peer = peerOf(stack.liars[index]);
  const entry = (await state(page)).peers.find((/** @type {any} */ one) => one.id === peer);
  return entry !== undefined && entry.state === "dropped" && DEEDS.test(entry.reason ?? "");
}

/** @param {import("../../scripts/stack.mjs").Gateway} gateway */
const peerOf = (gateway) => gateway.address.split("/p2p/")[1];

/**
 * Tells a liar what to do; who is to be stale refuses until the chain is old enough for that.
 * @param {number} index @param {string} kind @param {string} how
 */
async function lie(index, kind, how) {
  await until(`the liar to be able to lie in ${kind}, ${how}`, async () => {
    const response = await fetch(`${stack.liars[index].controlUrl}/lie`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ kind, how }),
    });
    return response.ok;
  });
}

/** A visitor who knows only these gateways. @param {import("../../scripts/stack.mjs").Gateway[]} gateways */
async function visitWith(gateways) {
  const config = { ...stack.config, discovery: false, gateways: gateways.map(({ address }) => address) };
  return visit(browser, stack.url, (page) =>
    page.route("**/config.json", (route) => route.fulfill({ json: config })));
}
