// A page that was told of other gateways finds them again when all that it is configured with are dead.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startStack } from "../../scripts/stack.mjs";
import { allOrNothing, launch, open, until, visit, waitForPhase } from "./browser.mjs";

/** @type {import("../../scripts/stack.mjs").Stack} */
let stack;
/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  [stack, browser] = await allOrNothing([startStack({ replay: "fulu", gateways: 3 }), launch()]);
}, { timeout: 180_000 });
after(async () => {
  await browser?.close();
  await stack?.stop();
});

const peerOf = (/** @type {import("../../scripts/stack.mjs").Gateway} */ gateway) => gateway.address.split("/p2p/")[1];

/** @param {import("playwright-core").Page} page @param {import("../../scripts/stack.mjs").Gateway} gateway */
async function isConnected(page, gateway) {
  const row = page.locator(`[data-testid="peer-row"][data-peer="${peerOf(gateway)}"]`);
  return (await row.getAttribute("data-state", { timeout: 1_000 }).catch(() => null)) === "connected";
}

test("gateways that only a peer has told of are reached, and remembered over a reload with the configured one dead", { timeout: 240_000 }, async () => {
  const [configured, other, third] = stack.gateways;
  assert.ok(configured !== undefined && other !== undefined && third !== undefined);
  // Somebody who knows two of them tells the one of the other.
  stack.config.gateways = [...configured.addresses, ...other.addresses];
  const teller = await visit(browser, stack.url);
  await waitForPhase(teller.page, "synced");
  await open(teller.page, "network");
  await until("both to be connected", async () => (await isConnected(teller.page, configured)) && isConnected(teller.page, other), teller.page);
  await teller.page.reload(); // records are told when a connection begins, and both are known now
  await waitForPhase(teller.page, "synced");
  await until("both to be connected again", async () => (await isConnected(teller.page, configured)) && isConnected(teller.page, other), teller.page);
  await teller.close();

  stack.config.gateways = configured.addresses;
  const { page, close } = await visit(browser, stack.url);
  await open(page, "network");
  await until("the gateway that nobody configured", () => isConnected(page, other), page);
  assert.equal(await isConnected(page, third), false, "nobody has told of this one");

  await configured.kill();
  await page.reload();
  await open(page, "network");
  await until("the remembered gateway", () => isConnected(page, other), page);
  assert.equal(await isConnected(page, configured), false);
  await waitForPhase(page, "synced");

  // The list beside the page has another one by now, and what is remembered is gone.
  await other.kill();
  stack.config.gateways = third.addresses;
  await until("the gateway of the list that is fetched anew", () => isConnected(page, third), page, 120_000);
  await waitForPhase(page, "synced");
  await close();
});
