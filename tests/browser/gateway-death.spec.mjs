// The only gateway dies and comes back: the page says so, and recovers by itself.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startStack } from "../../scripts/stack.mjs";
import { allOrNothing, byId, launch, open, until, visit, waitForPhase } from "./browser.mjs";

const LIMIT_MS = 20_000;
/** @type {import("../../scripts/stack.mjs").Stack} */
let stack;
/** @type {import("playwright-core").Browser} */
let browser;

before(async () => {
  [stack, browser] = await allOrNothing([startStack({ gateways: 1 }), launch()]);
}, { timeout: 180_000 });
after(async () => {
  await browser?.close();
  await stack?.stop();
});

test("a killed gateway is noticed and named within 20 s; restarted, it is followed again within 20 s", async () => {
  const { page, close } = await visit(browser, stack.url);
  await waitForPhase(page, "synced");
  const [gateway] = stack.gateways;
  const peer = gateway.address.split("/p2p/")[1];

  const killed = Date.now();
  await gateway.kill();
  await until("the page to say that the head is ageing", async () =>
    (await byId(page, "status-phase").getAttribute("data-phase")) === "ageing", page, LIMIT_MS);
  await until("the page to name who is gone", async () =>
    (await byId(page, "status-message").innerText()).includes(peer.slice(-8)), page,
    LIMIT_MS - (Date.now() - killed));
  console.log(`noticed after ${Date.now() - killed} ms`);
  await open(page, "network");
  const row = page.locator(`[data-testid="peer-row"][data-peer="${peer}"]`);
  // Dropped, if questions that were open when it died went unanswered before its heart was missed.
  await until("the peer to be listed as gone", async () =>
    ["gone", "connecting", "dropped"].includes((await row.getAttribute("data-state")) ?? ""), page, LIMIT_MS);
  assert.notEqual(await row.getByTestId("peer-reason").innerText(), "");

  await gateway.restart();
  const restarted = Date.now();
  await until("the page to follow again", async () =>
    (await byId(page, "status-phase").getAttribute("data-phase")) === "synced", page, LIMIT_MS);
  console.log(`recovered after ${Date.now() - restarted} ms`);
  await close();
});
