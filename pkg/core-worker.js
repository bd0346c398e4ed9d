/**
 * The worker in which everything is verified: it holds the core, and is its host.
 *
 * The page calls `load` with the compiled core, and `start`, whose answer is the handshake: after it the worker is ready or has said why not.
 * A panic of the core ends its instance: the worker says `crashed` and answers nothing more.
 * @module
 */

// Third-level imports are named too: each level is one more time to wait.
import "./errors.js";
import * as generated from "./generated/lampyris_core.js";
import { METHODS } from "./methods.js";
import { Rpc, RpcError } from "./rpc.js";
import { Storage, databaseName } from "./storage.js";

/** @typedef {import("./index.d.ts").Config} Config */
/** @typedef {import("./generated-types.d.ts").Core} Core */
/** @typedef {import("./generated-types.d.ts").CoreModule} CoreModule */
/** @typedef {import("./generated-types.d.ts").Host} Host */
/** @typedef {import("./generated-types.d.ts").NetEvent} NetEvent */

/** @type {Core | null} */
let core = null;

const page = new Rpc(/** @type {any} */ (self), { load, start, netEvent, call });

const { Core, default: instantiate } = /** @type {CoreModule} */ (/** @type {unknown} */ (generated));

/** @type {(instance: Promise<unknown>) => void} */
let settleLoaded = () => {};
/** @type {Promise<unknown>} */
const loaded = new Promise((resolve) => {
  settleLoaded = resolve;
});

/** @param {WebAssembly.Module} module */
async function load(module) {
  const instance = instantiate({ module_or_path: module });
  settleLoaded(instance);
  await instance;
}

/** @param {Config} config */
async function start(config) {
  const opened = Storage.open(databaseName(config), () => page.notify("removed"));
  const [storage] = await Promise.all([opened, loaded]);
  core = new Core(config, host(storage));
  await core.start();
}

/** @param {NetEvent} event */
function netEvent(event) {
  core?.onNetEvent(event);
}

/**
 * @param {string} name
 * @param {unknown[]} args
 */
async function call(name, args) {
  if (core === null) throw new RpcError({ code: "bug", message: `${name} was called before the core had started` });
  if (!METHODS.includes(/** @type {any} */ (name))) throw new RpcError({ code: "bug", message: `no method ${name}` });
  return core[/** @type {import("./methods.js").Method} */ (name)](...args);
}

/**
 * What the core may do: talk to peers through the page, keep records, wait, and tell news.
 * @param {Storage} storage
 * @returns {Host}
 */
function host(storage) {
  return {
    request: (peer, protocol, body, timeoutMs, number) => page.call("request", peer, protocol, body, timeoutMs, number),
    keep: (number) => page.notify("keep", number),
    dial: (address) => page.notify("dial", address),
    disconnect: (peer, reason) => page.notify("disconnect", peer, reason),
    subscribe: (topic) => page.notify("subscribe", topic),
    unsubscribe: (topic) => page.notify("unsubscribe", topic),
    report: (messageId, peer, verdict) => page.notify("report", messageId, peer, verdict),
    load: (key) => storage.load(key),
    store: (key, value) => storage.store(key, value),
    keys: (prefix) => storage.keys(prefix),
    emit: (event) => page.notify("emit", event),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}

/** @param {unknown} reason */
function crashed(reason) {
  page.notify("crashed", reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason));
  page.close(reason);
}

self.addEventListener("error", (event) => crashed(event.error ?? event.message));
self.addEventListener("unhandledrejection", (event) => {
  // A promise that the core dropped may reject unheard; only a trap means that the instance is lost.
  if (event.reason instanceof WebAssembly.RuntimeError) crashed(event.reason);
});
