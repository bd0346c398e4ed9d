/**
 * The swarm on the page's thread, where alone WebRTC exists. It moves bytes and believes nothing.
 *
 * It closes its connections when the page is left or frozen, opens again when the page is back, and takes a fresh instance of its
 * wasm after a panic. Bound: peers and topics are those that the core dialled and subscribed.
 * @module
 */

import { Discovery } from "./discovery.js";
import { Routes, peerOf } from "./routes.js";

/** @typedef {import("./generated-types.d.ts").NetEvent} NetEvent */
/** @typedef {import("./generated-types.d.ts").NetModule} NetModule */
/** @typedef {import("./generated-types.d.ts").NetSwarm} NetSwarm */
/** @typedef {import("./generated-types.d.ts").Verdict} Verdict */

/** How its trap is told from one of another wasm on the same page: by the file in its stack. */
const WASM_FILE = "lampyris_net";

/** How the core's reason begins when a peer's bytes were false. */
const LIES = /^(lied|oversized):/u;

/** How much longer than the swarm itself the page waits for an answer. */
const GRACE_MS = 2_000;

/** One swarm over the life of a client, in as many wasm instances as it takes. */
export class Swarm {
  #onEvent;
  #onCrash;
  /** @type {Promise<NetModule> | null} */
  #module = null;
  #instances = 0;
  /** @type {NetSwarm | null} */
  #swarm = null;
  /** @type {Set<string>} */
  #peers = new Set();
  /** @type {Set<string>} */
  #topics = new Set();
  /** @type {Set<string>} */
  #gateways = new Set();
  #routes;
  /** @type {Discovery | null} */
  #discovery = null;

  /**
   * @param {(event: NetEvent) => void} onEvent
   * @param {(message: string) => void} onCrash called once a crash; `open` starts anew
   */
  constructor(onEvent, onCrash) {
    this.#onEvent = onEvent;
    this.#onCrash = onCrash;
    this.#routes = new Routes((address) => this.#dial(address), (event) => this.#tell(event));
  }

  /**
   * Learns the gateways' addresses, of which one gateway may have several.
   * @param {string[]} gateways
   * @returns {string[]} one address of each, for the core
   */
  configure(gateways) {
    return this.#routes.configure(gateways);
  }

  /**
   * Looks for more gateways than those of the configuration, from the next `open` on.
   * @param {Pick<import("./discovery.js").Surroundings, "storage" | "fetchGateways">} sources
   */
  discover(sources) {
    const routes = this.#routes;
    const learn = (/** @type {string[]} */ addresses) => routes.learn(addresses);
    this.#discovery = new Discovery({
      ...sources,
      learn,
      dial: (addresses) => {
        learn(addresses);
        this.dial(/** @type {string} */ (addresses[0]));
      },
      connected: () => this.#gateways,
      configured: () => routes.configured,
      records: () => this.#run((swarm) => swarm.records()) ?? [],
    });
  }

  /**
   * Loads the wasm if need be, starts the swarm with the topics it had, and dials the configured gateways before the core asks for it: of who
   * is connected by then, or is being dialled, it hears when it dials.
   */
  async open() {
    this.#module ??= this.#load();
    const { Swarm: NetSwarm } = await this.#module;
    if (this.#swarm !== null) return;
    this.#watch(true);
    /** @type {NetSwarm} */
    const swarm = new NetSwarm({ topics: [...this.#topics] }, (event) => this.#heard(swarm, event));
    this.#swarm = swarm;
    for (const address of this.#routes.gateways) this.dial(address);
    void this.#discovery?.open((envelope) => this.#run((current) => current.remember(envelope)));
  }

  /**
   * Ends all connections; the core hears of each.
   * @param {string} reason
   */
  close(reason) {
    const swarm = this.#swarm;
    this.#swarm = null;
    this.#watch(false);
    try {
      swarm?.close();
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      this.#module = null; // it trapped while closing: the next one is a fresh instance
    }
    this.#gone(reason);
  }

  /** @param {string} address */
  dial(address) {
    if (this.#swarm !== null) this.#routes.dial(address);
  }

  /**
   * @param {string} peer
   * @param {string} reason
   */
  disconnect(peer, reason) {
    // The core ends a connection for what its peer did; a liar is no gateway to be told of.
    const lied = LIES.test(reason);
    if (lied) this.#run((swarm) => swarm.forget(peer));
    this.#discovery?.dropped(peer, lied);
    this.#run((swarm) => swarm.disconnect(peer, reason));
  }

  /**
   * @param {string} peer
   * @param {string} protocol
   * @param {Uint8Array} body
   * @param {number} timeoutMs
   * @param {number} number by which the core may say that the answer is true
   * @returns {Promise<Uint8Array>}
   */
  async request(peer, protocol, body, timeoutMs, number) {
    const answer = this.#run((swarm) => swarm.request(peer, protocol, body, timeoutMs, number));
    if (answer === undefined) throw Object.assign(new Error("the swarm is closed"), { code: "disconnected" });
    return withDeadline(answer, timeoutMs + GRACE_MS);
  }

  /**
   * The answer to a request is true: it is served to peers that ask for the same.
   * @param {number} number
   */
  keep(number) {
    this.#run((swarm) => swarm.keep(number));
  }

  /** How many bytes this instance served to peers. */
  get servedBytes() {
    return this.#run((swarm) => swarm.servedBytes) ?? 0;
  }

  /** @param {string} topic */
  subscribe(topic) {
    this.#topics.add(topic);
    this.#run((swarm) => swarm.subscribe(topic));
  }

  /** @param {string} topic */
  unsubscribe(topic) {
    this.#topics.delete(topic);
    this.#run((swarm) => swarm.unsubscribe(topic));
  }

  /**
   * @param {Uint8Array} messageId
   * @param {string} peer
   * @param {Verdict} verdict
   */
  report(messageId, peer, verdict) {
    this.#run((swarm) => swarm.report(messageId, peer, verdict));
  }

  /** @returns {Promise<NetModule>} */
  async #load() {
    const instance = this.#instances++;
    // A module keeps its one instance for ever; another address is another module, and so another instance.
    const loaded =
      instance === 0
        ? await import("./generated/lampyris_net.js")
        : await import(
            /* @vite-ignore */ new URL(`./generated/lampyris_net.js?instance=${instance}`, import.meta.url).href
          );
    await loaded.default();
    return loaded;
  }

  /**
   * @param {NetSwarm} swarm that said it: one that we closed may still have had something to say
   * @param {NetEvent | { type: "closed", reason: string } | { type: "records" }} event
   */
  #heard(swarm, event) {
    if (this.#swarm !== swarm) return;
    if (event.type === "closed") return this.#crashed(event.reason);
    if (event.type === "records") return this.#discovery?.recordsChanged();
    this.#routes.heard(event);
  }

  /**
   * What is for the core.
   * @param {NetEvent} event
   */
  #tell(event) {
    if (event.type === "connected") {
      this.#peers.add(event.peer);
      if (event.kind === "gateway") {
        this.#gateways.add(event.peer);
        this.#discovery?.connected(event.peer);
      }
    } else if (event.type === "disconnected") {
      this.#peers.delete(event.peer);
      this.#gateways.delete(event.peer);
      this.#routes.forget(event.peer);
    } else if (event.type === "dial_failed") {
      this.#routes.forget(peerOf(event.address));
      this.#discovery?.dialFailed(event.address);
    }
    this.#onEvent(event);
  }

  /** @param {string} address */
  #dial(address) {
    try {
      this.#run((swarm) => swarm.dial(address));
    } catch (error) {
      this.#routes.heard({ type: "dial_failed", address, reason: messageOf(error) });
    }
  }

  /** @param {string} reason */
  #gone(reason) {
    this.#routes.close();
    this.#discovery?.close();
    this.#gateways.clear();
    const peers = [...this.#peers];
    this.#peers.clear();
    for (const peer of peers) this.#onEvent({ type: "disconnected", peer, reason });
  }

  /**
   * @template T
   * @param {(swarm: NetSwarm) => T} action
   * @returns {T | undefined}
   */
  #run(action) {
    if (this.#swarm === null) return undefined;
    try {
      return action(this.#swarm);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) this.#crashed(error.message);
      throw error;
    }
  }

  /** @param {boolean} on */
  #watch(on) {
    for (const type of /** @type {const} */ (["error", "unhandledrejection"])) {
      if (on) globalThis.addEventListener(type, this.#onTrap);
      else globalThis.removeEventListener(type, this.#onTrap);
    }
  }

  /** @param {ErrorEvent | PromiseRejectionEvent} event */
  #onTrap = (event) => {
    const error = "reason" in event ? event.reason : event.error;
    if (error instanceof WebAssembly.RuntimeError && error.stack?.includes(WASM_FILE)) this.#crashed(error.message);
  };

  /** @param {string} message */
  #crashed(message) {
    if (this.#swarm === null) return;
    this.#swarm = null;
    this.#module = null;
    this.#watch(false);
    this.#gone("our own swarm crashed");
    this.#onCrash(message);
  }
}

/**
 * @param {unknown} error
 * @returns {string}
 */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The swarm keeps the time itself; but a trap of its wasm would take its clock along.
 * @template T
 * @param {Promise<T>} promise
 * @param {number} ms
 * @returns {Promise<T>}
 */
async function withDeadline(promise, ms) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error("the swarm did not answer"), { code: "timeout" })), ms);
  });
  try {
    return await /** @type {Promise<T>} */ (Promise.race([promise, late]));
  } finally {
    clearTimeout(timer);
  }
}
