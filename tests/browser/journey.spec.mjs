// What a visitor does: look up a balance, send ether, vote; with a reload in the middle of each.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startStack } from "../../scripts/stack.mjs";
import {
  allOrNothing, byId, importKey, launch, lookUp, open, PASSPHRASE, provenWei, rpc, until, visit, waitForPhase,
} from "./browser.mjs";

const ETHER = 10n ** 18n;
/** Nobody's: it gets its first ether here. */
const RECIPIENT = "0x00000000000000000000000000000000C0FFEE00";

/** @type {import("../../scripts/stack.mjs").Stack} */
let stack;
/** @type {import("playwright-core").Browser} */
let browser;

before(async () => {
  [stack, browser] = await allOrNothing([startStack(), launch()]);
}, { timeout: 180_000 });
after(async () => {
  await browser?.close();
  await stack?.stop();
});

test("a fresh tab shows a verified head within 10 s, and gossip within 1 s of connecting", async () => {
  const started = Date.now();
  const { page, errors, close } = await visit(browser, stack.url);
  await waitForPhase(page, "synced");
  const elapsed = Date.now() - started;
  console.log(`verified head after ${elapsed} ms`);
  assert.ok(elapsed < 10_000, `it took ${elapsed} ms`);
  const slot = Number(await byId(page, "head-slot").first().innerText().then((text) => text.replace(/\D/gu, "")));
  assert.ok(slot > 0);
  const firstGossip = await page.evaluate(async () => {
    const client = /** @type {any} */ (globalThis).lampyris;
    for (;;) {
      const state = await client.state();
      if (state.firstGossipMs !== null) return state.firstGossipMs;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
  console.log(`first gossip ${firstGossip} ms after connecting`);
  assert.ok(firstGossip <= 1_000, `it took ${firstGossip} ms`);
  assert.deepEqual(errors, []);
  await close();
});

test("a balance is looked up, proven, and still there after a reload", async () => {
  const { page, errors, close } = await visit(browser, stack.url);
  const [{ address }] = stack.devnet.accounts.slice(5);
  await lookUp(page, address);
  await page.reload();
  const shown = await provenWei(page);
  const expected = BigInt(await rpc(stack.devnet.executionUrl, "eth_getBalance", [address, "latest"]));
  assert.equal(shown, expected);
  await byId(page, "proof-mark").first().click();
  await byId(page, "proof-dialog").waitFor();
  assert.match(await byId(page, "proof-dialog").innerText(), /0x[0-9a-f]/iu);
  await page.keyboard.press("Escape");

  const [token] = stack.config.tokens;
  await lookUp(page, stack.devnet.accounts[0].address);
  const amount = byId(page, "balance-token").first();
  await until("a proven token balance", async () =>
    (await amount.getAttribute("data-amount")) === String(300_000n * ETHER), page);
  assert.equal(await amount.getAttribute("data-symbol"), token.symbol);

  await lookUp(page, token.address);
  await until("the token's code", async () =>
    Number(await byId(page, "account-kind").getAttribute("data-code-bytes")) > 1_000, page);
  assert.deepEqual(errors, []);
  await close();
});

test("1 ether is sent from an imported key; its receipt is proven, though the page was reloaded", async () => {
  const { page, errors, close } = await visit(browser, stack.url);
  await importKey(page, stack.devnet.accounts[4].privateKey);
  await waitForPhase(page, "synced");
  await byId(page, "send-to").fill(RECIPIENT);
  await byId(page, "send-amount").fill("1");
  await byId(page, "send-review").click();
  await byId(page, "send-confirm").click();
  const row = byId(page, "tx-row").first();
  await row.waitFor();
  await page.reload();
  await open(page, "accounts");
  await until("a proven receipt", async () =>
    ["included", "final"].includes((await row.getAttribute("data-stage")) ?? ""), page);
  await until("finality", async () => (await row.getAttribute("data-stage")) === "final", page);

  const hash = await row.getAttribute("data-hash");
  const receipt = await rpc(stack.devnet.executionUrl, "eth_getTransactionReceipt", [hash]);
  assert.equal(receipt.status, "0x1");
  await lookUp(page, RECIPIENT);
  await until("the recipient's ether", async () => (await provenWei(page)) === ETHER, page);
  assert.deepEqual(errors, []);
  await close();
});

test("a vote is cast and proven to count, though the page was reloaded", async () => {
  const { page, errors, close } = await visit(browser, stack.url);
  const voter = stack.devnet.accounts[0];
  await importKey(page, voter.privateKey);
  await open(page, "governance");
  const active = page.locator('[data-testid="proposal-row"][data-state="active"]').first();
  await active.waitFor();
  const id = await active.getAttribute("data-id");
  const row = page.locator(`[data-testid="proposal-row"][data-id="${id}"]`);
  const votes = async () => BigInt((await row.getByTestId("proposal-for").getAttribute("data-votes")) ?? "-1");
  const votesBefore = await votes();
  await until("my voting power", async () =>
    (await row.getByTestId("voting-power").getAttribute("data-power")) === String(300_000n * ETHER), page);
  await row.getByTestId("vote-for").click();
  await row.getByTestId("vote-confirm").click();
  await row.getByTestId("vote-status").waitFor();
  await page.reload();
  await open(page, "governance");
  await until("the vote to count by proof", async () =>
    (await row.getByTestId("vote-status").getAttribute("data-counted")) === "true", page);
  await until("the proven tally", async () => (await votes()) === votesBefore + 300_000n * ETHER, page);
  assert.deepEqual(errors, []);
  await close();
});

test("proposals are listed whole; hostile text stays text", async () => {
  const { page, close } = await visit(browser, stack.url);
  await open(page, "governance");
  const rows = byId(page, "proposal-row");
  await until("all proposals", async () =>
    (await rows.count()) === stack.devnet.contracts.proposals.length, page);
  for (const { id, state } of stack.devnet.contracts.proposals) {
    const row = page.locator(`[data-testid="proposal-row"][data-id="${id}" i]`);
    if (state !== "active") assert.equal(await row.getAttribute("data-state"), state);
  }
  await until("the descriptions", async () =>
    (await byId(page, "proposal-description").allInnerTexts()).some((text) => text.includes("onerror")), page);
  assert.equal(await page.locator("img[src='x']").count(), 0);
  await close();
});

test("a locked account asks for its passphrase after a reload, and refuses a wrong one", async () => {
  const { page, close } = await visit(browser, stack.url);
  await importKey(page, stack.devnet.accounts[6].privateKey);
  await page.reload();
  await open(page, "accounts");
  const row = byId(page, "account-row").first();
  await until("a locked account", async () => (await row.getAttribute("data-locked")) === "true", page);
  await byId(page, "unlock-passphrase").first().fill("wrong");
  await byId(page, "unlock-submit").first().click();
  await until("a refusal", async () => /passphrase/iu.test(await row.innerText()), page);
  assert.equal(await row.getAttribute("data-locked"), "true");
  await byId(page, "unlock-passphrase").first().fill(PASSPHRASE);
  await byId(page, "unlock-submit").first().click();
  await until("an open account", async () => (await row.getAttribute("data-locked")) === "false", page);
  await close();
});
