/**
 * By which way a gateway is reached: WebRTC, or WebSocket where UDP is blocked.
 *
 * The core knows one address of a gateway and dials that; here are all. The first that connects wins, and the core hears its address.
 * What worked is remembered for the browser's session, so that the next dial does not wait in vain again.
 * Bound: the addresses of the configuration and of whom `discovery.js` dials, and as many memories.
 * @module
 */

/** @typedef {import("./generated-types.d.ts").NetEvent} NetEvent */
/** @typedef {{ asked: string, current: string, waiting: string[], late: string[], reasons: string[], timer?: ReturnType<typeof setTimeout> | undefined }} Attempt */
/** @typedef {Pick<globalThis.Storage, "getItem" | "setItem">} Memory */

/** How long an address may bring nothing before the gateway's next one is dialled. A loopback takes 0.3 s, a far gateway 1 s. */
export const PATIENCE_MS = 3_000;
/** For how long WebSocket is preferred after it worked where WebRTC did not; then WebRTC is tried first again. */
export const PREFERENCE_MS = 10 * 60_000;
/** Addresses of one peer, beyond what is configured. */
const ADDRESSES_MAX = 8;
const MEMORY_KEY = "lampyris.routes";
/** Gateways whose way is remembered, the newest. */
const MEMORIES_MAX = 64;

/** Dials gateways, each by its addresses in turn. */
export class Routes {
  #dial;
  #onEvent;
  #memory;
  /** @type {Map<string, string[]>} */
  #addresses = new Map();
  /** @type {Set<string>} */
  #configured = new Set();
  /** By peer. @type {Map<string, Attempt>} */
  #attempts = new Map();

  /**
   * @param {(address: string) => void} dial a `connected` or `dial_failed` event must follow; dialling another address of the same peer gives up the first
   * @param {(event: NetEvent) => void} onEvent gets the events with which dials end, one each, and all others as they are
   * @param {Memory | null} [memory]
   */
  constructor(dial, onEvent, memory = sessionMemory()) {
    this.#dial = dial;
    this.#onEvent = onEvent;
    this.#memory = memory;
  }

  /**
   * Learns which addresses there are.
   * @param {string[]} addresses
   * @returns {string[]} one for each peer
   */
  configure(addresses) {
    [this.#addresses, this.#configured] = [new Map(), new Set()];
    // What is wrong with a configuration is the core's to say.
    if (!Array.isArray(addresses) || addresses.some((each) => typeof each !== "string")) return addresses;
    for (const address of addresses) {
      const peer = peerOf(address);
      this.#addresses.set(peer, [...(this.#addresses.get(peer) ?? []), address]);
    }
    this.#configured = new Set(this.#addresses.keys());
    for (const each of this.#addresses.values()) each.sort(byTransport);
    return this.gateways;
  }

  /** One address of each peer of the configuration. */
  get gateways() {
    return [...this.#configured].flatMap((peer) => this.#addresses.get(peer)?.[0] ?? []);
  }

  /** The peers of the configuration. */
  get configured() {
    return this.#configured;
  }

  /**
   * Learns more addresses of one peer, which are dialled after those that are known.
   * @param {string[]} addresses
   */
  learn(addresses) {
    const peer = peerOf(addresses[0] ?? "");
    const known = this.#addresses.get(peer) ?? [];
    const learnt = [...new Set([...known, ...addresses.filter((address) => peerOf(address) === peer)])];
    this.#addresses.set(peer, learnt.slice(0, Math.max(known.length, ADDRESSES_MAX)));
  }

  /**
   * Forgets what was learnt of a peer.
   * @param {string} peer
   */
  forget(peer) {
    if (!this.#configured.has(peer)) this.#addresses.delete(peer);
  }

  /** @param {string} address */
  dial(address) {
    const peer = peerOf(address);
    const running = this.#attempts.get(peer);
    if (running !== undefined) return void (running.asked = address); // its end is told when it has come
    const prefers = this.#prefersWebSocket(peer);
    const waiting = [...new Set([...(this.#addresses.get(peer) ?? []), address])].sort(
      (left, right) => byTransport(left, right) * (prefers ? -1 : 1),
    );
    this.#attempts.set(peer, { asked: address, current: "", waiting, late: [], reasons: [] });
    this.#next(peer);
  }

  /**
   * Takes the swarm's events, and hands on those that are for the core.
   * @param {NetEvent} event
   * @returns {void}
   */
  heard(event) {
    if (event.type === "connected") this.#connected(event.peer, event.address);
    if (event.type === "dial_failed") {
      const peer = peerOf(event.address);
      const attempt = this.#attempts.get(peer);
      if (attempt !== undefined) {
        if (attempt.current !== event.address) return; // given up before
        attempt.reasons.push(`${transportOf(event.address)}: ${event.reason}`);
        return this.#next(peer);
      }
    }
    this.#onEvent(event);
  }

  /** Forgets what is being dialled: the swarm is closed. */
  close() {
    for (const { timer } of this.#attempts.values()) clearTimeout(timer);
    this.#attempts.clear();
  }

  /** @param {string} peer @returns {void} */
  #next(peer) {
    const attempt = /** @type {Attempt} */ (this.#attempts.get(peer));
    clearTimeout(attempt.timer);
    // Who was only late has, when nothing else is left, as long as the swarm allows.
    const address = attempt.waiting.shift() ?? attempt.late.shift();
    if (address === undefined) {
      this.#attempts.delete(peer);
      const reasons = [...new Set(attempt.reasons)];
      const reason = reasons.length === 1 ? (reasons[0] ?? "").replace(/^[^:]*: /u, "") : reasons.join("; ");
      return this.#onEvent({ type: "dial_failed", address: attempt.asked, reason });
    }
    attempt.current = address;
    const refused = refusal(address);
    if (refused !== null) return this.heard({ type: "dial_failed", address, reason: refused });
    if (attempt.waiting.length > 0)
      attempt.timer = setTimeout(() => {
        attempt.late.push(address);
        attempt.reasons.push(`${transportOf(address)}: no connection within ${PATIENCE_MS / 1000} s`);
        this.#next(peer);
      }, PATIENCE_MS);
    this.#dial(address);
  }

  /**
   * @param {string} peer
   * @param {string} address
   */
  #connected(peer, address) {
    clearTimeout(this.#attempts.get(peer)?.timer);
    this.#attempts.delete(peer);
    if ((this.#addresses.get(peer)?.length ?? 0) > 1) this.#remember(peer, isWebSocket(address));
  }

  /** @param {string} peer */
  #prefersWebSocket(peer) {
    const until = this.#memories().find(([known]) => known === peer)?.[1];
    return until !== undefined && until > Date.now();
  }

  /**
   * @param {string} peer
   * @param {boolean} webSocket
   */
  #remember(peer, webSocket) {
    const others = this.#memories().filter(([known]) => known !== peer);
    /** @type {[string, number][]} */
    const memories = webSocket ? [...others, [peer, Date.now() + PREFERENCE_MS]] : others;
    try {
      this.#memory?.setItem(MEMORY_KEY, JSON.stringify(memories.slice(-MEMORIES_MAX)));
    } catch {
      // A full storage costs the next dial some seconds.
    }
  }

  /** @returns {[string, number][]} peers, and until when WebSocket is preferred */
  #memories() {
    try {
      const stored = JSON.parse(this.#memory?.getItem(MEMORY_KEY) ?? "[]");
      return stored.filter((/** @type {unknown} */ entry) => Array.isArray(entry) && typeof entry[1] === "number");
    } catch {
      return []; // not ours
    }
  }
}

/**
 * Why a page cannot use an address, or null. Browsers refuse a WebSocket without TLS on pages served by https, except to this machine,
 * and our own policy refuses it everywhere else.
 * @param {string} address
 * @returns {string | null}
 */
export function refusal(address) {
  if (!isWebSocket(address) || /\/wss(\/|$)|\/tls\/ws(\/|$)/u.test(address)) return null;
  const [, , host = ""] = address.split("/");
  if (host === "localhost" || /^127(\.\d+){3}$/u.test(host)) return null;
  return "a WebSocket without TLS reaches only this machine; elsewhere it must be wss";
}

/** @param {string} address */
export function isWebSocket(address) {
  return /\/wss?(\/|$)/u.test(address);
}

/**
 * Whose address it is; an address without a peer stands for itself.
 * @param {string} address
 * @returns {string}
 */
export function peerOf(address) {
  return address.split("/p2p/").at(-1) ?? address;
}

/** WebRTC first, otherwise as they came. @param {string} left @param {string} right */
function byTransport(left, right) {
  return Number(isWebSocket(left)) - Number(isWebSocket(right));
}

/** @param {string} address */
function transportOf(address) {
  return isWebSocket(address) ? "WebSocket" : "WebRTC";
}

/** @returns {Memory | null} */
function sessionMemory() {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null; // the user allows none
  }
}
