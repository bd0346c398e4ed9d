// What one tab has verified it serves to another when no gateway is left; and nothing else.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startStack } from "../../scripts/stack.mjs";
import { allOrNothing, byId, launch, lookUp, open, provenWei, until, visit, waitForPhase } from "./browser.mjs";

/** Browsers hide a page's own addresses behind names that are asked for by multicast, which containers often do not carry. */
const ADDRESSES_IN_THE_OPEN = "--disable-features=WebRtcHideLocalIpsWithMdns";
/** Recorded: an account of mainnet, whose proof the gateway has. */
const ACCOUNT = "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f";

/** @type {import("../../scripts/stack.mjs").Stack} */
let stack;
/** @type {import("playwright-core").Browser[]} */
let browsers = [];

before(async () => {
  [stack, ...browsers] = await allOrNothing([
    startStack({ replay: "deneb", gateways: 1 }),
    ...Array.from({ length: 2 }, () => launch(ADDRESSES_IN_THE_OPEN)),
  ]);
}, { timeout: 180_000 });
after(async () => {
  await Promise.all(browsers.map((browser) => browser.close()));
  await stack?.stop();
});

/** @param {import("playwright-core").Page} page */
const status = (page) => page.evaluate(() => /** @type {any} */ (window).lampyris.state());
/** @param {import("playwright-core").Page} page @param {string} kind */
const connected = async (page, kind) =>
  (await status(page)).peers.filter((/** @type {any} */ peer) => peer.kind === kind && peer.state === "connected");

test("a tab proves a balance from what another tab had verified, with the gateway gone", { timeout: 180_000 }, async () => {
  const [giver, taker] = await Promise.all(browsers.map((browser) => visit(browser, stack.url)));
  for (const { page } of [giver, taker]) await waitForPhase(page, "synced");
  await lookUp(giver.page, ACCOUNT, "finalized");
  await provenWei(giver.page);
  await until("a link between the tabs", async () => (await connected(taker.page, "tab")).length === 1, taker.page);
  const [{ id }] = await connected(taker.page, "tab");

  await stack.gateways[0].kill();
  await until("the gateway to be missed", async () => (await connected(taker.page, "gateway")).length === 0, taker.page);
  const { value, proof, refused } = await taker.page.evaluate(async (account) => {
    const { lampyris } = /** @type {any} */ (window);
    const answer = await lampyris.balance(account, { block: "finalized" });
    // Nobody has proven this one.
    const refused = await lampyris.balance("0x00000000000000000000000000000000000000aa", { block: "finalized" })
      .catch((/** @type {any} */ { code }) => code);
    return { ...answer, refused };
  }, ACCOUNT);
  assert.equal(value.nonce, 0x54835n);
  assert.deepEqual(proof.peers, [id]);
  assert.equal(proof.finality, "finalized");
  assert.equal(refused, "unavailable");

  await open(giver.page, "network");
  await until("the giver to count what it served", async () =>
    Number(await byId(giver.page, "served").getAttribute("data-bytes")) > 500, giver.page);
  console.log(await byId(giver.page, "served").innerText());
  const [{ faults }] = await connected(taker.page, "tab");
  assert.deepEqual(faults, []);
  for (const { close } of [giver, taker]) await close();
});
