/**
 * The core in its worker and the swarm on the page's thread, kept running: what the tab has that leads.
 * @module
 */

import { ClientError, clientError } from "./errors.js";
import { Storage, databaseName } from "./storage.js";
import { Swarm } from "./swarm.js";

/** @typedef {import("./core.js").CoreWorker} CoreWorker */
/** @typedef {import("./index.d.ts").Config} Config */
/** @typedef {import("./generated-types.d.ts").CoreEvent} CoreEvent */

/**
 * What it tells: news by type; that it ended by itself, and why; that what it had stored was removed by another.
 * @typedef {object} Hooks
 * @property {(type: string, detail: unknown) => void} onNews
 * @property {(reason: ClientError) => void} onEnd
 * @property {() => void} onRemoved
 */

/** @typedef {{ takeCore: () => CoreWorker, fetchGateways: (() => Promise<string[]>) | undefined }} Surroundings */

/** A crash is answered with a restart, unless it keeps happening. */
const RESTARTS_MAX = 3;
const RESTARTS_WINDOW_MS = 60_000;

/** The core's news that others may hear. */
const NEWS = Object.freeze(["status", "head", "transaction"]);

/** Both wasm instances. Started once, and of no use after its end. */
export class Engine {
  #config;
  #takeCore;
  #fetchGateways;
  #hooks;
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

  /**
   * @param {Config} config
   * @param {Surroundings} surroundings
   * @param {Hooks} hooks
   */
  constructor(config, { takeCore, fetchGateways }, hooks) {
    this.#config = config;
    this.#takeCore = takeCore;
    this.#fetchGateways = fetchGateways;
    this.#hooks = hooks;
  }

  /** Starts the core from what is stored: it is ready when it has read that, and says what it knows while the swarm is still being loaded. */
  async start() {
    const core = this.#takeCore();
    this.#core = core;
    const { discovery = true, ...config } = this.#config;
    const gateways = this.#swarm.configure(config.gateways);
    if (discovery) this.#swarm.discover({ storage: openStorage(config), fetchGateways: this.#fetchGateways });
    this.#openSwarm().catch((error) => this.#failed("net", error));
    await core.start({ ...config, gateways }, this.#handlers(), (message) => this.#coreCrashed(message));
  }

  /** While the core starts, so that a gateway is connected when it asks. */
  async #openSwarm() {
    await this.#swarm.open();
    if (this.#endedBy !== null) this.#swarm.close("the client was closed");
  }

  /**
   * @param {string} method
   * @param {unknown[]} args
   * @returns {Promise<unknown>}
   */
  async call(method, args) {
    await this.#ready;
    if (this.#endedBy !== null) throw this.#endedBy;
    return /** @type {CoreWorker} */ (this.#core).call(method, args);
  }

  /** How many bytes were served to peers since the connections were opened. */
  get servedBytes() {
    return this.#swarm.servedBytes;
  }

  /** The page is visible or online again: connections may have died unnoticed. */
  awake() {
    this.#core?.netEvent({ type: "resumed" });
  }

  /**
   * Connections are closed, the worker and the keys in it are gone; what waits is rejected with the reason.
   * @param {ClientError} reason
   */
  end(reason) {
    if (this.#endedBy !== null) return;
    this.#endedBy = reason;
    this.#core?.end(reason);
    this.#swarm.close("the client was closed");
  }

  #handlers() {
    const swarm = this.#swarm;
    return {
      request: swarm.request.bind(swarm),
      keep: swarm.keep.bind(swarm),
      dial: swarm.dial.bind(swarm),
      disconnect: swarm.disconnect.bind(swarm),
      subscribe: swarm.subscribe.bind(swarm),
      unsubscribe: swarm.unsubscribe.bind(swarm),
      report: swarm.report.bind(swarm),
      removed: () => this.#hooks.onRemoved(),
      emit: (/** @type {CoreEvent} */ { type, detail }) => {
        if (NEWS.includes(type)) this.#hooks.onNews(type, detail);
      },
    };
  }

  /** @param {string} message */
  #coreCrashed(message) {
    this.#swarm.close("our own core crashed");
    this.#restart("core", message, () => this.start());
  }

  /** @param {string} message */
  #netCrashed(message) {
    this.#restart("net", message, () => this.#reopen());
  }

  /** Opens the swarm again, with the core's topics, and lets the core dial. */
  async #reopen() {
    await this.#swarm.open();
    this.awake();
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
      this.#giveUp(new ClientError("crashed", `it crashed ${this.#restarts.length} times within a minute (${message})`));
      return;
    }
    this.#ready = start();
    this.#ready.catch((error) => this.#failed(part, error));
  }

  /**
   * A start that failed by an answer, not by a crash (which has been dealt with as such): no use in trying the same again.
   * @param {"core" | "net"} part
   * @param {unknown} error
   */
  #failed(part, error) {
    const reason = clientError(error);
    if (this.#endedBy !== null || reason.code === "crashed") return;
    this.#announce(part, reason.message, false);
    this.#giveUp(reason);
  }

  /**
   * @param {"core" | "net"} part
   * @param {string} message
   * @param {boolean} restarting
   */
  #announce(part, message, restarting) {
    this.#hooks.onNews("crashed", { part, message, restarting });
  }

  /** @param {ClientError} reason */
  #giveUp(reason) {
    this.end(reason);
    this.#hooks.onEnd(reason);
  }
}

/**
 * The page's own access to what is stored; without it, nothing is remembered of peers.
 * @param {Config} config
 */
async function openStorage(config) {
  return Storage.open(databaseName(config), () => {}).catch(() => null); // of its removal the worker tells
}
