/**
 * The client as the page sees it: a thin proxy of the core in its worker, and the keeper of both wasm instances.
 * @module
 */

import { CoreWorker, createWorker } from "./core.js";
import { ClientError, clientError } from "./errors.js";
import { watchLifecycle } from "./lifecycle.js";
import { METHODS } from "./methods.js";
import { databaseName, removeDatabase } from "./storage.js";
import { Swarm } from "./swarm.js";

/** @typedef {import("./index.d.ts").Config} Config */
/** @typedef {import("./index.d.ts").ClientOptions} ClientOptions */
/** @typedef {import("./generated-types.d.ts").CoreEvent} CoreEvent */
/** @typedef {import("./generated-types.d.ts").NetEvent} NetEvent */

/** A crash is answered with a restart, unless it keeps happening. */
const RESTARTS_MAX = 3;
const RESTARTS_WINDOW_MS = 60_000;

/** The core's news that become events of the client. */
const EVENTS = Object.freeze(["status", "head", "transaction"]);

/** Makes the constructor unreachable from outside without a lock of its own. */
const token = Symbol("createClient");

/**
 * @param {Config} config
 * @param {ClientOptions} [options]
 * @returns {Promise<Client>}
 */
export function createClient(config, options = {}) {
  return Client.create(config, options);
}

/**
 * Forgets all that was stored for a network: the verified state, pending transactions and the vault of keys.
 * @param {Config} config
 * @returns {Promise<void>}
 */
export function removeStoredState(config) {
  return removeDatabase(databaseName(config));
}

/** See `index.d.ts` for its methods; they are those of `METHODS`, defined once at the end of the class. */
export class Client extends EventTarget {
  #config;
  #createWorker;
  #swarm = new Swarm(
    (event) => this.#core?.netEvent(event),
    (message) => this.#netCrashed(message),
  );
  /** @type {CoreWorker | null} */
  #core = null;
  /** @type {Promise<void>} */
  #ready = Promise.resolve();
  /** @type {number[]} */
  #restarts = [];
  /** @type {ClientError | null} */
  #endedBy = null;
  #unwatch = () => {};

  /**
   * @param {symbol} key
   * @param {Config} config
   * @param {ClientOptions} options
   */
  constructor(key, config, options) {
    super();
    if (key !== token) throw new TypeError("use createClient(config)");
    this.#config = config;
    this.#createWorker = options.createWorker ?? createWorker;
  }

  /**
   * @param {Config} config
   * @param {ClientOptions} options
   */
  static async create(config, options) {
    const client = new Client(token, structuredClone(config), options);
    try {
      await client.#launch();
    } catch (error) {
      const reason = clientError(error);
      client.#end(reason);
      throw reason;
    }
    client.#unwatch = watchLifecycle({
      onAway: () => client.#swarm.close("the page was left"),
      onBack: () => void client.#reopen().catch((error) => client.#failed("net", error)),
      onAwake: () => client.#core?.netEvent({ type: "resumed" }),
    });
    return client;
  }

  /** Ends the client: connections are closed, keys are forgotten, every later call is refused. */
  async close() {
    this.#end(new ClientError("unavailable", "the client is closed", { fault: "caller" }));
  }

  /** Starts the core from what is stored. */
  async #launch() {
    const core = new CoreWorker(this.#createWorker(), this.#handlers(), (message) => this.#coreCrashed(message));
    this.#core = core;
    await Promise.all([core.load(), this.#swarm.open()]);
    await core.start({ ...this.#config, gateways: this.#swarm.configure(this.#config.gateways) });
  }

  /** Opens the swarm again, with the core's topics, and lets the core dial. */
  async #reopen() {
    await this.#swarm.open();
    this.#core?.netEvent({ type: "resumed" });
  }

  #handlers() {
    const swarm = this.#swarm;
    return {
      request: swarm.request.bind(swarm),
      dial: swarm.dial.bind(swarm),
      disconnect: swarm.disconnect.bind(swarm),
      subscribe: swarm.subscribe.bind(swarm),
      unsubscribe: swarm.unsubscribe.bind(swarm),
      report: swarm.report.bind(swarm),
      emit: (/** @type {CoreEvent} */ { type, detail }) => {
        if (EVENTS.includes(type)) this.dispatchEvent(new CustomEvent(type, { detail }));
      },
    };
  }

  /** @param {string} message */
  #coreCrashed(message) {
    this.#swarm.close("our own core crashed");
    this.#restart("core", message, () => this.#launch());
  }

  /** @param {string} message */
  #netCrashed(message) {
    this.#restart("net", message, () => this.#reopen());
  }

  /**
   * @param {"core" | "net"} part
   * @param {string} message
   * @param {() => Promise<void>} start
   */
  #restart(part, message, start) {
    if (this.#endedBy !== null) return;
    const now = performance.now();
    this.#restarts = [...this.#restarts.filter((at) => now - at < RESTARTS_WINDOW_MS), now];
    const restarting = this.#restarts.length <= RESTARTS_MAX;
    this.#announce(part, message, restarting);
    if (!restarting) {
      this.#end(new ClientError("crashed", `it crashed ${this.#restarts.length} times within a minute (${message})`));
      return;
    }
    this.#ready = start();
    this.#ready.catch((error) => this.#failed(part, error));
  }

  /**
   * A restart that failed by an answer, not by another crash (which has been dealt with as such): no use in trying the same again.
   * @param {"core" | "net"} part
   * @param {unknown} error
   */
  #failed(part, error) {
    const reason = clientError(error);
    if (this.#endedBy !== null || reason.code === "crashed") return;
    this.#announce(part, reason.message, false);
    this.#end(reason);
  }

  /**
   * @param {"core" | "net"} part
   * @param {string} message
   * @param {boolean} restarting
   */
  #announce(part, message, restarting) {
    this.dispatchEvent(new CustomEvent("crashed", { detail: { part, message, restarting } }));
  }

  /** @param {ClientError} reason */
  #end(reason) {
    if (this.#endedBy !== null) return;
    this.#endedBy = reason;
    this.#unwatch();
    this.#core?.end(reason);
    this.#swarm.close("the client was closed");
  }

  /**
   * @param {string} method
   * @param {unknown[]} args
   */
  async #call(method, args) {
    const last = args.at(-1);
    const signal = last instanceof AbortSignal ? last : undefined;
    if (signal !== undefined) args = args.slice(0, -1);
    signal?.throwIfAborted();
    try {
      await this.#ready;
      if (this.#endedBy !== null) throw this.#endedBy;
      return await abortable(/** @type {CoreWorker} */ (this.#core).call(method, args), signal);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw clientError(error);
    }
  }

  static {
    for (const method of METHODS) {
      Object.defineProperty(this.prototype, method, {
        value: /** @this {Client} @param {unknown[]} args */ function (...args) {
          return this.#call(method, args);
        },
        writable: true,
        configurable: true,
      });
    }
  }
}

/**
 * The core finishes what it began; only the wait for it ends early.
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<T>}
 */
function abortable(promise, signal) {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
