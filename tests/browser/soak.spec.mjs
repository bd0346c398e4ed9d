// Nothing stays behind, in short: `npm run soak` is the long form. And tabs that die without a word are noticed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { startStack } from "../../scripts/stack.mjs";
import { FLAGS, allOrNothing, launch, until } from "./browser.mjs";
import { metrics, soaker } from "./soak.mjs";

/** A tab that is gone is noticed after this time at the latest. */
const NOTICED_MS = 30_000;
const PARTS = 4;

/** @type {import("../../scripts/stack.mjs").Stack} */
let stack;
/** @type {import("playwright-core").Browser} */
let browser;

before(async () => {
  [stack, browser] = await allOrNothing([startStack({ replay: "fulu", gateways: 1 }), launch()]);
}, { timeout: 180_000 });
after(async () => {
  await browser?.close();
  await stack?.stop();
});

test("sixty connections one after the other leave nothing behind", async () => {
  const { curve, errors, close } = await soaker(browser, stack);
  const { rows, grown, refused } = await curve("cycles", 60, PARTS);
  console.log(rows.map(({ gatewayMegabytes, gatewayChannels }) => `${gatewayMegabytes.toFixed(1)} MB, ${gatewayChannels} channels`).join("; "));
  assert.deepEqual(grown, []);
  assert.equal(rows.at(-1)?.gatewayChannels, 0);
  assert.equal(refused, 0);
  assert.deepEqual(errors.filter((error) => !error.includes("404")), []);
  await close();
});

test("five hundred requests on one connection leave nothing behind", async () => {
  const { curve, errors, close } = await soaker(browser, stack);
  const { rows, grown } = await curve("requests", 500, PARTS);
  console.log(rows.map(({ gatewayMegabytes, gatewayChannels }) => `${gatewayMegabytes.toFixed(1)} MB, ${gatewayChannels} channels`).join("; "));
  assert.deepEqual(grown, []);
  assert.deepEqual(errors.filter((error) => !error.includes("404")), []);
  await close();
});

test("tabs whose browser is killed are noticed within 30 s", async () => {
  const [gateway] = stack.gateways;
  const peers = async () => (await metrics(gateway))("lampyris_peers");
  await until("nobody to be connected", async () => (await peers()) === 0);
  const server = await chromium.launchServer({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  const doomed = await chromium.connect(server.wsEndpoint());
  for (const _ of [1, 2, 3]) {
    const { page } = await soaker(doomed, stack);
    await page.evaluate("soak.requests(1)");
  }
  assert.equal(await peers(), 3);
  const killedAt = Date.now();
  // Its whole group: the processes of the tabs, too.
  process.kill(-(server.process().pid ?? 0), "SIGKILL");
  await until("the gateway to notice", async () => (await peers()) === 0, undefined, NOTICED_MS);
  console.log(`noticed after ${Date.now() - killedAt} ms`);
  await until("their streams to be forgotten", async () => (await metrics(gateway))("lampyris_channels") === 0);
});
