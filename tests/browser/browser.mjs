// Real Chromium on the page, and what every test of it needs.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";

export const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
/** Longer than anything healthy takes on a machine that also runs nodes and gateways. */
export const PATIENCE_MS = 60_000;
export const PASSPHRASE = "glow in the dark";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Browser} Browser */

/** What Chrome is about to do by default: pages may not change their own ICE credentials. */
export const NO_CHANGED_CREDENTIALS = "--force-fieldtrials=WebRTC-NoSdpMangleUfrag/Enabled/";

/**
 * All browser tests can be run with more flags: `CHROMIUM_FLAGS="…" npm test -- --only browser`.
 * @param {...string} flags
 * @returns {Promise<Browser>}
 */
export function launch(...flags) {
  const more = process.env.CHROMIUM_FLAGS?.split(" ").filter((flag) => flag !== "") ?? [];
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...FLAGS, ...flags, ...more] });
}

/**
 * Waits for all that a test needs. When one fails, the others are ended: what still runs would keep the test's process from ending.
 * @template {unknown[]} T
 * @param {[...{ [K in keyof T]: Promise<T[K]> }]} starts of stacks and browsers
 * @returns {Promise<T>}
 */
export async function allOrNothing(starts) {
  const results = await Promise.allSettled(starts);
  const reasons = results.flatMap((result) => ("reason" in result ? [result.reason] : []));
  if (reasons.length === 0) return /** @type {Promise<T>} */ (/** @type {unknown} */ (Promise.all(starts)));
  for (const result of results) {
    const started = result.status === "fulfilled" ? /** @type {any} */ (result.value) : {};
    await (started.stop ?? started.close)?.call(started);
  }
  throw reasons[0];
}

/**
 * A fresh visitor: own storage, no history. Errors that nobody caught end up in `errors`.
 * @param {Browser} browser
 * @param {string} url
 * @param {(page: Page) => Promise<unknown>} [prepare] before the page is loaded
 */
export async function visit(browser, url, prepare = async () => {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  /** @type {string[]} */
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  await prepare(page);
  await page.goto(url);
  return { page, errors, close: () => context.close() };
}

/** @param {Page} page @param {string} id */
export const byId = (page, id) => page.getByTestId(id);

/** @param {Page} page @param {...string} phases */
export async function waitForPhase(page, ...phases) {
  await until(`phase ${phases.join(" or ")}`, async () =>
    phases.includes((await byId(page, "status-phase").getAttribute("data-phase")) ?? ""), page);
}

/**
 * Opens a place of the page by its navigation.
 * @param {Page} page @param {"overview" | "accounts" | "governance" | "network" | "settings"} place
 */
export async function open(page, place) {
  await byId(page, `nav-${place}`).first().click();
}

/**
 * Waits for a condition of the page; failing, it says what the page showed.
 * @param {string} what
 * @param {() => Promise<boolean>} condition
 * @param {Page} [page]
 * @param {number} [patience] milliseconds
 */
export async function until(what, condition, page, patience = PATIENCE_MS) {
  const end = Date.now() + patience;
  while (Date.now() < end) {
    if (await condition().catch(() => false)) return;
    await sleep(100);
  }
  const shown = page ? await page.locator("body").innerText().catch(() => "nothing") : "";
  assert.fail(`waited ${patience} ms in vain for: ${what}\nThe page shows:\n${shown.slice(0, 3_000)}`);
}

/** @param {Page} page @param {string} privateKey */
export async function importKey(page, privateKey) {
  await open(page, "accounts");
  const field = byId(page, "import-key");
  await until("the field for a key", async () => {
    await field.waitFor({ state: "attached" });
    if (await field.isVisible()) return true;
    await page.getByText(/import a key/iu).first().click();
    await page.waitForTimeout(250);
    return field.isVisible();
  }, page);
  await field.fill(privateKey);
  await byId(page, "import-passphrase").fill(PASSPHRASE);
  await byId(page, "import-submit").click();
  await byId(page, "account-row").first().waitFor();
}

/**
 * Looks an address up and gives the ether balance that the page shows as proven.
 * @param {Page} page @param {string} address @param {"latest" | "finalized"} [block]
 */
export async function lookUp(page, address, block = "latest") {
  await open(page, "accounts");
  await byId(page, "lookup-address").fill(address);
  await byId(page, "lookup-block").selectOption(block);
  await byId(page, "lookup-submit").click();
}

/** @param {Page} page @returns {Promise<bigint>} */
export async function provenWei(page) {
  const place = byId(page, "balance-ether");
  await until("a proven balance", async () => (await place.getAttribute("data-proven")) === "true", page);
  return BigInt((await place.getAttribute("data-wei")) ?? "-1");
}

/**
 * What an Ethereum node says, to compare with what the page proves.
 * @param {string} url @param {string} method @param {unknown[]} params
 */
export async function rpc(url, method, params) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = await response.json();
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}
