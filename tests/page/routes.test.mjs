// By which way a gateway is dialled: pkg/routes.js with a swarm of the test's own.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { PATIENCE_MS, PREFERENCE_MS, Routes, refusal } from "../../pkg/routes.js";

const WEB_RTC = "/ip4/127.0.0.1/udp/1/webrtc-direct/certhash/uEi/p2p/A";
const WEB_SOCKET = "/ip4/127.0.0.1/tcp/2/ws/p2p/A";

/** @type {string[]} */
let dialled;
/** @type {any[]} */
let told;
/** @type {Routes} */
let routes;
/** @type {Map<string, string>} */
let stored;

const memory = () => ({
  getItem: (/** @type {string} */ key) => stored.get(key) ?? null,
  setItem: (/** @type {string} */ key, /** @type {string} */ value) => void stored.set(key, value),
});
const start = (addresses = [WEB_SOCKET, WEB_RTC]) => {
  routes = new Routes((address) => void dialled.push(address), (event) => void told.push(event), memory());
  return routes.configure(addresses);
};
const failed = (/** @type {string} */ address, reason = "refused") => routes.heard({ type: "dial_failed", address, reason });
const connected = (/** @type {string} */ address) => routes.heard({ type: "connected", peer: "A", kind: "gateway", address });
const wait = (/** @type {number} */ ms) => mock.timers.tick(ms);

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  [dialled, told, stored] = [[], [], new Map()];
});

test("one address of each gateway is for the core, WebRTC's if there is one", () => {
  assert.deepEqual(start([WEB_SOCKET, WEB_RTC, "/dns4/b/tcp/443/wss/p2p/B"]), [WEB_RTC, "/dns4/b/tcp/443/wss/p2p/B"]);
});

test("who asks for what is being dialled already hears of its end by the address that it named", () => {
  start();
  routes.dial(WEB_RTC); // as the swarm does when it opens
  routes.dial(WEB_SOCKET); // as the core does, which remembers what worked
  failed(WEB_RTC);
  failed(WEB_SOCKET);
  assert.deepEqual(dialled, [WEB_RTC, WEB_SOCKET]);
  assert.deepEqual(told.map(({ type, address }) => [type, address]), [["dial_failed", WEB_SOCKET]]);
});

test("a configuration that is not one has no gateway to dial", () => {
  start();
  for (const wrong of [null, "a", [WEB_RTC, 1], [null]]) {
    routes.configure(/** @type {any} */ (wrong));
    assert.deepEqual([routes.gateways, [...routes.configured]], [[], []]);
  }
});

test("WebRTC is dialled alone as long as it may still come", () => {
  start();
  routes.dial(WEB_RTC);
  wait(PATIENCE_MS - 1);
  connected(WEB_RTC);
  wait(60_000);
  assert.deepEqual(dialled, [WEB_RTC]);
  assert.deepEqual(told, [{ type: "connected", peer: "A", kind: "gateway", address: WEB_RTC }]);
});

test("WebSocket is dialled as soon as WebRTC has failed", () => {
  start();
  routes.dial(WEB_RTC);
  failed(WEB_RTC);
  assert.deepEqual(dialled, [WEB_RTC, WEB_SOCKET]);
  connected(WEB_SOCKET);
  assert.deepEqual(told, [{ type: "connected", peer: "A", kind: "gateway", address: WEB_SOCKET }]);
});

test("WebSocket is dialled when WebRTC brings nothing, and the end of the first dial is not the core's business", () => {
  start();
  routes.dial(WEB_RTC);
  wait(PATIENCE_MS);
  failed(WEB_RTC, "given up");
  assert.deepEqual(dialled, [WEB_RTC, WEB_SOCKET]);
  connected(WEB_SOCKET);
  assert.deepEqual(told.map(({ type }) => type), ["connected"]);
});

test("who is only slow gets another, unhurried chance, and then both reasons are told once", () => {
  start();
  routes.dial(WEB_RTC);
  wait(PATIENCE_MS);
  failed(WEB_SOCKET);
  wait(60_000);
  assert.deepEqual(dialled, [WEB_RTC, WEB_SOCKET, WEB_RTC]);
  assert.deepEqual(told, []);
  failed(WEB_RTC, "nobody answered in time");
  assert.deepEqual(told.map(({ type, address }) => [type, address]), [["dial_failed", WEB_RTC]]);
  assert.match(told[0].reason, /WebRTC: no connection within 3 s; WebSocket: refused; WebRTC: nobody answered in time/u);
  routes.dial(WEB_RTC);
  assert.equal(dialled.length, 4, "the next dial is a new one");
});

test("what worked is preferred, for a while, by the next page of the session too", () => {
  start();
  routes.dial(WEB_RTC);
  failed(WEB_RTC);
  connected(WEB_SOCKET);
  start();
  routes.dial(WEB_RTC);
  assert.equal(dialled.at(-1), WEB_SOCKET);
  failed(WEB_SOCKET);
  assert.equal(dialled.at(-1), WEB_RTC, "what is preferred is not all that there is");
  connected(WEB_RTC);
  routes.dial(WEB_RTC);
  assert.equal(dialled.at(-1), WEB_RTC, "WebRTC worked again");
  failed(WEB_RTC);
  connected(WEB_SOCKET);
  wait(PREFERENCE_MS);
  routes.dial(WEB_SOCKET);
  assert.equal(dialled.at(-1), WEB_RTC, "retried later");
});

test("a spoilt memory is none", () => {
  for (const text of ["{", "7", "[[1]]", "null"]) {
    stored.set("lampyris.routes", text);
    start();
    routes.dial(WEB_RTC);
    assert.equal(dialled.at(-1), WEB_RTC, text);
  }
});

test("an address that only one gateway has, or nobody, is dialled as it is", () => {
  start([WEB_RTC]);
  routes.dial(WEB_RTC);
  routes.dial(WEB_RTC);
  wait(60_000);
  failed(WEB_RTC, "no answer");
  assert.deepEqual(dialled, [WEB_RTC]);
  assert.deepEqual(told, [{ type: "dial_failed", address: WEB_RTC, reason: "no answer" }]);
});

test("a closed swarm dials nothing more", () => {
  start();
  routes.dial(WEB_RTC);
  routes.close();
  wait(60_000);
  assert.deepEqual(dialled, [WEB_RTC]);
});

test("without TLS a WebSocket reaches this machine and nothing else", () => {
  for (const allowed of ["/ip4/127.0.0.1/tcp/1/ws/p2p/A", "/dns4/localhost/tcp/1/ws/p2p/A", "/dns4/a.example/tcp/443/wss/p2p/A", "/dns4/a/tcp/443/tls/ws/p2p/A", WEB_RTC])
    assert.equal(refusal(allowed), null, allowed);
  for (const refused of ["/ip4/192.0.2.1/tcp/1/ws/p2p/A", "/dns4/a.example/tcp/80/ws/p2p/A", "/dns4/127.example/tcp/80/ws/p2p/A"])
    assert.match(refusal(refused) ?? "", /wss/u, refused);
  start(["/ip4/192.0.2.1/tcp/1/ws/p2p/A"]);
  routes.dial("/ip4/192.0.2.1/tcp/1/ws/p2p/A");
  assert.deepEqual(dialled, []);
  assert.match(told[0].reason, /wss/u);
});
