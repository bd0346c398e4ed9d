/**
 * The client as the page sees it: one surface, whether this tab leads or follows.
 * @module
 */

import { CoreWorker, createWorker } from "./core.js";
import { ClientError, HandOver, clientError } from "./errors.js";
import { Follow } from "./follow.js";
import { Lead } from "./lead.js";
import { watchLifecycle } from "./lifecycle.js";
import { METHODS, UNREPEATABLE } from "./methods.js";
import { Seat, canShare } from "./seat.js";
import { Standing } from "./standing.js";
import { databaseName, removeDatabase } from "./storage.js";

/** @typedef {import("./index.d.ts").Config} Config */
/** @typedef {import("./index.d.ts").ClientOptions} ClientOptions */

/** Tabs with another format of messages between them do not share. */
const SHARING_VERSION = 1;

/** As long a next leader, which has no head or no peer yet, is given before a call is told so. */
const TAKE_OVER_MS_MAX = 5_000;
/** How soon it is asked again until then. */
const TAKE_OVER_RETRY_MS = 100;

/** Makes the constructor unreachable from outside without a lock of its own. */
const token = Symbol("createClient");

/**
 * @param {Config | Promise<Config>} config
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
  /** Loads the core while it is not known yet whether this tab leads. @type {CoreWorker | null} */
  #spareCore;
  #fetchGateways;
  #standing;
  /** Under which the tabs that share find each other; null where each tab is for itself. @type {string | null} */
  #name = null;
  /** @type {Seat | null} */
  #seat = null;
  /** @type {Lead | Follow | null} */
  #place = null;
  /** Resolves when there is a place that answers. */
  #placed = new Settled();
  #placesBefore = 0;
  /** Until when a call that finds no head waits for one. */
  #takenOverUntil = -Infinity;
  /** @type {ClientError | null} */
  #endedBy = null;
  #unwatch = () => {};

  /**
   * @param {symbol} key
   * @param {Config} config
   * @param {ClientOptions} options
   * @param {CoreWorker} spareCore
   */
  constructor(key, config, options, spareCore) {
    super();
    if (key !== token) throw new TypeError("use createClient(config)");
    this.#config = config;
    this.#createWorker = options.createWorker ?? createWorker;
    this.#spareCore = spareCore;
    this.#fetchGateways = options.fetchGateways;
    this.#standing = new Standing(typeof config.fixedClockUnixMs === "number");
  }

  /**
   * @param {Config | Promise<Config>} given
   * @param {ClientOptions} options
   */
  static async create(given, options) {
    const core = new CoreWorker((options.createWorker ?? createWorker)());
    /** @type {Config} */
    let config;
    try {
      config = structuredClone(await given);
    } catch (error) {
      core.end(new ClientError("unavailable", "there is no configuration", { fault: "caller" }));
      throw error;
    }
    const client = new Client(token, config, options, core);
    if (options.share !== false && canShare()) client.#name = await sharedName(client.#config);
    client.#sit();
    client.#unwatch = watchLifecycle({
      onAway: () => client.#leave(),
      onBack: () => client.#sit(),
      onAwake: () => client.#place?.awake(),
    });
    try {
      await client.#call("state", []);
    } catch (error) {
      client.#end(clientError(error));
      throw error;
    }
    return client;
  }

  /** Ends the client: connections are closed, keys are forgotten, every later call is refused. */
  async close() {
    this.#end(new ClientError("unavailable", "the client is closed", { fault: "caller" }));
  }

  /** Looks for a place: to lead, or to follow who leads. */
  #sit() {
    if (this.#name === null) return this.#lead();
    this.#seat = new Seat(this.#name, {
      onLead: () => this.#lead(),
      onFollow: (pipe) => this.#follow(pipe),
      onJoin: (pipe) => this.#place instanceof Lead && this.#place.join(pipe),
      onLost: () => this.#vacate(),
    });
  }

  #lead() {
    const takeCore = () => this.#takeSpareCore() ?? new CoreWorker(this.#createWorker());
    const lead = new Lead(this.#config, { takeCore, fetchGateways: this.#fetchGateways }, {
      onNews: (type, detail) => this.#heard(type, detail),
      onEnd: (reason) => this.#end(reason),
      onRemoved: () => {
        this.#leave();
        this.#sit();
      },
    });
    this.#take(lead);
  }

  /** @param {string} pipe */
  #follow(pipe) {
    this.#takeSpareCore()?.end(new HandOver());
    this.#take(new Follow(pipe, { onNews: (type, detail) => this.#heard(type, detail), onBye: () => this.#vacate() }));
  }

  #takeSpareCore() {
    const core = this.#spareCore;
    this.#spareCore = null;
    return core;
  }

  /** @param {Lead | Follow} place */
  #take(place) {
    this.#vacate();
    this.#place = place;
    place.ready().then(
      () => this.#place === place && this.#settle(place),
      (error) => this.#place === place && this.#end(clientError(error)),
    );
  }

  /** @param {Lead | Follow} place that answers */
  #settle(place) {
    this.#placed.resolve(place);
    this.#placesBefore += 1;
    if (this.#placesBefore === 1) return;
    this.#takenOverUntil = performance.now() + TAKE_OVER_MS_MAX;
    place.call("accounts", []).then((accounts) => this.#heard("accounts", accounts), () => {}); // the next place tells them
  }

  /** Without a place, calls wait for one; what is known is shown as it is: not current. */
  #vacate() {
    const place = this.#place;
    if (place === null) return;
    this.#place = null;
    place.end(new HandOver());
    if (this.#placed.isSettled) this.#placed = new Settled();
    const status = this.#standing.waiting();
    if (status !== null) this.#dispatch("status", status);
  }

  /** The page is left or frozen: another tab may lead, and this one's connections would be dead when it returns. */
  #leave() {
    this.#takeSpareCore()?.end(new HandOver());
    this.#vacate();
    this.#seat?.leave();
    this.#seat = null;
  }

  /** @param {ClientError} reason */
  #end(reason) {
    if (this.#endedBy !== null) return;
    this.#endedBy = reason;
    this.#unwatch();
    this.#takeSpareCore()?.end(reason);
    this.#place?.end(reason);
    this.#place = null;
    this.#seat?.leave();
    if (this.#placed.isSettled) this.#placed = new Settled();
    this.#placed.reject(reason);
  }

  /**
   * @param {string} type
   * @param {any} detail
   */
  #heard(type, detail) {
    if (this.#place === null) return;
    if (type === "head" && detail.slot <= this.#standing.slot) return; // verified again, by the next leader
    if (type === "crashed" && detail.part === "core") this.#standing.forget();
    this.#dispatch(type, type === "status" ? this.#standing.take(detail, this.#place.role) : detail);
  }

  /**
   * @param {string} type
   * @param {unknown} detail
   */
  #dispatch(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
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
      return await abortable(method === "state" ? this.#state() : this.#ask(method, args), signal);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw clientError(error);
    }
  }

  /** Where it stands; between two leaders, what the last one verified. */
  async #state() {
    const waiting = this.#placed.isSettled ? null : this.#standing.waiting();
    if (waiting !== null) return waiting;
    const told = /** @type {import("./standing.js").Told} */ (await this.#ask("state", []));
    return this.#standing.take(told, this.#place?.role ?? "follower");
  }

  /**
   * Asks who leads; if that one goes before it answers, the next, unless asking twice could do something twice.
   * @param {string} method
   * @param {unknown[]} args
   * @returns {Promise<unknown>}
   */
  async #ask(method, args) {
    const place = await this.#placed.promise;
    try {
      return await place.call(method, args);
    } catch (error) {
      if (!this.#mayAskAgain(method, error)) throw error;
      if (!(error instanceof HandOver)) await new Promise((resolve) => setTimeout(resolve, TAKE_OVER_RETRY_MS));
      return this.#ask(method, args);
    }
  }

  /**
   * @param {string} method
   * @param {any} error
   */
  #mayAskAgain(method, error) {
    if (error instanceof HandOver) return !UNREPEATABLE.includes(/** @type {any} */ (method));
    const nothingWasDone = error?.code === "not_synced" || error?.code === "no_peers";
    return nothingWasDone && performance.now() < this.#takenOverUntil;
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

/** A promise of a place, and whether it has come. */
class Settled {
  isSettled = false;
  /** @type {(place: Lead | Follow) => void} */
  #resolve = () => {};
  /** @type {(reason: ClientError) => void} */
  reject = () => {};
  /** @type {Promise<Lead | Follow>} */
  promise = new Promise((resolve, reject) => {
    this.#resolve = resolve;
    this.reject = reject;
  });

  constructor() {
    this.promise.catch(() => {}); // an end that nobody waits for
  }

  /** @param {Lead | Follow} place */
  resolve(place) {
    this.isSettled = true;
    this.#resolve(place);
  }
}

/**
 * The same for tabs that may share: of one network's records, and started alike. Who trusts another checkpoint leads for itself.
 * @param {Config} config
 * @returns {Promise<string>}
 */
async function sharedName(config) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(config)));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${databaseName(config)}/share ${SHARING_VERSION}/${hex}`;
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
