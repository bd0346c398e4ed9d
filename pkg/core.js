/**
 * The page's side of the worker: starts it, calls it, and notices when it is gone.
 * @module
 */

import { ClientError } from "./errors.js";
import { Rpc } from "./rpc.js";

/** @typedef {import("./index.d.ts").Config} Config */
/** @typedef {import("./generated-types.d.ts").NetEvent} NetEvent */
/** @typedef {import("./rpc.js").Handlers} Handlers */

/** The core, compiled once for all workers of this page. @type {Promise<WebAssembly.Module> | null} */
let compiled = null;

/** Compiled here, while a worker's thread and modules are still starting. What failed is tried again by the next worker. */
function compiledCore() {
  if (compiled === null) {
    const compiling = compileCore();
    compiled = compiling;
    compiling.catch(() => {
      if (compiled === compiling) compiled = null;
    });
  }
  return compiled;
}

/** Also where a server does not know the type of a wasm. */
async function compileCore() {
  const response = await fetch(new URL("./generated/lampyris_core_bg.wasm", import.meta.url)).catch((error) => {
    throw new ClientError("unavailable", `the verifying core could not be loaded (${error.message})`);
  });
  if (!response.ok) throw new ClientError("unavailable", `the verifying core could not be loaded (${response.status})`);
  const isTyped = response.headers.get("content-type")?.startsWith("application/wasm") ?? false;
  return isTyped ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

/** One worker with one instance of the core, which is compiled at once. After a crash it is of no use: make another. */
export class CoreWorker {
  #worker;
  #rpc;
  /** @type {Handlers} */
  #handlers = { crashed: (/** @type {string} */ message) => this.#crashed(message) };
  /** @type {((message: string) => void) | null} */
  #onCrash = null;
  /** What it crashed by before somebody would hear of it. @type {string | null} */
  #crash = null;
  #ended = false;
  #compiled = compiledCore();

  /** @param {Worker} worker */
  constructor(worker) {
    this.#worker = worker;
    this.#rpc = new Rpc(worker, this.#handlers);
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#crashed(event.message || "the worker's script could not be loaded");
    });
    worker.addEventListener("messageerror", () => this.#crashed("a message of the worker could not be read"));
  }

  /**
   * The handshake: resolves when the core is ready, rejects with what it says otherwise.
   * @param {Config} config
   * @param {Handlers} handlers what the core may ask of the page
   * @param {(message: string) => void} onCrash called at most once
   */
  async start(config, handlers, onCrash) {
    Object.assign(this.#handlers, handlers);
    this.#onCrash = onCrash;
    if (this.#crash !== null) onCrash(this.#crash);
    await Promise.all([this.#compiled.then((module) => this.#rpc.call("load", module)), this.#rpc.call("start", config)]);
  }

  /**
   * @param {string} method
   * @param {unknown[]} args
   * @returns {Promise<unknown>}
   */
  async call(method, args) {
    return this.#rpc.call("call", method, args);
  }

  /** @param {NetEvent} event */
  netEvent(event) {
    this.#rpc.notify("netEvent", event);
  }

  /** @param {ClientError} reason */
  end(reason) {
    this.#ended = true;
    this.#rpc.close(reason);
    this.#worker.terminate();
  }

  /** @param {string} message */
  #crashed(message) {
    if (this.#ended) return;
    this.end(new ClientError("crashed", `the verifying core crashed (${message})`));
    this.#crash = message;
    this.#onCrash?.(message);
  }
}

/**
 * The script of the worker, as the browser wants it: where Trusted Types are enforced, through the policy `lampyris`.
 * @returns {Worker}
 */
export function createWorker() {
  return new Worker(/** @type {any} */ (workerUrl()), { type: "module", name: "lampyris core" });
}

/** @type {unknown} */
let trustedUrl = null;

/** @returns {unknown} */
function workerUrl() {
  if (trustedUrl !== null) return trustedUrl;
  const { href } = new URL("./core-worker.js", import.meta.url);
  const factory = /** @type {any} */ (globalThis).trustedTypes;
  const policy = factory?.createPolicy("lampyris", {
    createScriptURL(/** @type {string} */ url) {
      if (url !== href) throw new TypeError("only the package's own worker");
      return url;
    },
  });
  trustedUrl = policy === undefined ? href : policy.createScriptURL(href);
  return trustedUrl;
}
