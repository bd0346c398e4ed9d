// Real mainnet bytes through gateway, WebRTC, worker and page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startStack } from "../../scripts/stack.mjs";
import { allOrNothing, byId, launch, lookUp, provenWei, until, visit, waitForPhase } from "./browser.mjs";

/** @param {import("playwright-core").Page} page @param {string} id */
const digits = async (page, id) => Number((await byId(page, id).first().innerText()).replace(/\D/gu, ""));

/**
 * The head and what it finalizes come by answers of their own, in any order.
 * @param {import("playwright-core").Page} page @param {string} id @param {number} expected
 */
const shows = (page, id, expected) => until(`${id} to be ${expected}`, async () => (await digits(page, id)) === expected, page);

/**
 * @param {"fulu" | "deneb"} name
 * @param {(page: import("playwright-core").Page) => Promise<void>} body
 */
async function onReplay(name, body) {
  const [stack, browser] = await allOrNothing([startStack({ replay: name, gateways: 1 }), launch()]);
  try {
    const { page, errors } = await visit(browser, stack.url);
    await waitForPhase(page, "synced");
    await byId(page, "replay-note").waitFor();
    await body(page);
    const gossip = await page.evaluate(async () => {
      const client = /** @type {any} */ (globalThis).lampyris;
      for (;;) {
        const state = await client.state();
        if (state.firstGossipMs !== null) return state.firstGossipMs;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    console.log(`${name}: first gossip ${gossip} ms after connecting`);
    assert.ok(gossip <= 1_000, `it took ${gossip} ms`);
    assert.deepEqual(errors, []);
  } finally {
    await browser.close();
    await stack.stop();
  }
}

test("Fulu, April 2026: head 14018019, finalized 14017952 with execution block 24784163", { timeout: 180_000 }, () =>
  onReplay("fulu", async (page) => {
    await shows(page, "head-slot", 14_018_019);
    await shows(page, "finalized-slot", 14_017_952);
    await shows(page, "finalized-block", 24_784_163);
  }));

test("Deneb: an account of mainnet, proven at block 20360596", { timeout: 180_000 }, () =>
  onReplay("deneb", async (page) => {
    await shows(page, "finalized-block", 20_360_596);
    await lookUp(page, "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f", "finalized");
    assert.equal(await provenWei(page), 0n);
    assert.equal(await digits(page, "account-nonce"), 0x54835);
  }));
