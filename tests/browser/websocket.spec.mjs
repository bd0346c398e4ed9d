// Where UDP is blocked: gateways are reached by WebSocket, without being told to.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { startStack } from "../../scripts/stack.mjs";
import { launch, open, until, visit, waitForPhase } from "./browser.mjs";

/** Chromium then sends WebRTC's datagrams through a proxy only, and there is none. */
const NO_UDP = "--webrtc-ip-handling-policy=disable_non_proxied_udp";
const LIMIT_MS = 10_000;

/** @type {import("../../scripts/stack.mjs").Stack} */
let stack;
before(async () => {
  stack = await startStack({ replay: "fulu", gateways: 1 });
}, { timeout: 180_000 });
after(() => stack?.stop());

/**
 * What the page shows of the gateway.
 * @param {import("playwright-core").Page} page
 */
async function shown(page) {
  await open(page, "network");
  const row = page.getByTestId("peer-row").first();
  await until("the gateway to be connected", async () => (await row.getAttribute("data-state")) === "connected", page);
  assert.equal(await page.getByTestId("peer-row").count(), 1, "two addresses of one gateway are one peer");
  return row.innerText();
}

test("a page whose WebRTC gets no UDP syncs by WebSocket within 10 s, says so, and does not wait again when it is reloaded", async () => {
  const browser = await launch(NO_UDP);
  try {
    const { page, close } = await visit(browser, stack.url);
    const began = Date.now();
    await waitForPhase(page, "synced");
    const first = Date.now() - began;
    assert.ok(first <= LIMIT_MS, `it took ${first} ms`);
    assert.match(await shown(page), /127\.0\.0\.1:\d+ · ws\b/u);

    const reloaded = Date.now();
    await page.reload();
    await until("the gateway to be connected again", async () =>
      (await page.getByTestId("peer-row").first().getAttribute("data-state")) === "connected", page);
    console.log(`synced after ${first} ms, connected ${Date.now() - reloaded} ms after a reload`);
    assert.match(await shown(page), / · ws\b/u);
    await close();
  } finally {
    await browser.close();
  }
});

test("a gateway whose UDP port is dead is reached by WebSocket, too; one that has both, by WebRTC", async () => {
  const browser = await launch();
  try {
    const served = stack.config.gateways;
    const both = await visit(browser, stack.url);
    await waitForPhase(both.page, "synced");
    assert.match(await shown(both.page), / · webrtc-direct\b/u);
    await both.close();

    // Port 9 is nobody's.
    stack.config.gateways = served.map((/** @type {string} */ address) => address.replace(/\/udp\/\d+\//u, "/udp/9/"));
    const { page, close } = await visit(browser, stack.url);
    await waitForPhase(page, "synced");
    assert.match(await shown(page), / · ws\b/u);
    stack.config.gateways = served;
    await close();
  } finally {
    await browser.close();
  }
});

test("a WebSocket without TLS that leads elsewhere is refused, with the reason on the page", async () => {
  const browser = await launch();
  try {
    const served = stack.config.gateways;
    stack.config.gateways = [served[1].replace("127.0.0.1", "192.0.2.1")];
    const { page, close } = await visit(browser, stack.url);
    await open(page, "network");
    await until("the reason", async () =>
      (await page.getByTestId("peer-reason").first().innerText()).includes("it must be wss"), page);
    stack.config.gateways = served;
    await close();
  } finally {
    await browser.close();
  }
});

test("who takes no WebSocket, or speaks no libp2p on it, makes a dial fail, with its reason, and nothing worse", async () => {
  const browser = await launch();
  const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, section 1.3
  const talker = createServer().on("upgrade", (request, socket) => {
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${GUID}`).digest("base64");
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`);
    socket.write(Buffer.from([0x81, 10, ...Buffer.from("9007199254")])); // a text, and as a number more than can be allocated
    socket.on("error", () => {});
  });
  await new Promise((resolve) => talker.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = talker.address();
  try {
    const { page, errors, close } = await visit(browser, new URL("/config.json", stack.url).href);
    const peer = stack.gateways[0]?.address.split("/p2p/")[1];
    const port = typeof address === "object" ? address?.port : 0;
    const addresses = [9, port].map((each) => `/ip4/127.0.0.1/tcp/${each}/ws/p2p/${peer}`);
    const events = await page.evaluate(async (/** @type {string[]} */ addresses) => {
      // @ts-ignore built
      const { default: load, Swarm } = await import("/pkg/generated/lampyris_net.js");
      await load();
      const heard = /** @type {any[]} */ ([]);
      for (const address of addresses) {
        /** @type {any} */
        let swarm;
        heard.push(await new Promise((resolve) => {
          swarm = new Swarm({}, resolve);
          swarm.dial(address);
        }));
        swarm.close();
      }
      return heard;
    }, addresses);
    assert.deepEqual(events.map(({ type }) => type), ["dial_failed", "dial_failed"]);
    assert.match(events[0].reason, /nobody takes a WebSocket there/u);
    assert.deepEqual(errors.filter((error) => !/404|^WebSocket connection to /u.test(error)), []);
    await close();
  } finally {
    talker.closeAllConnections();
    talker.close();
    await browser.close();
  }
});
