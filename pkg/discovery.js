/**
 * Gateways beyond those of the configuration: from the list served beside the page, fetched anew when nobody is reached, and from signed
 * records that peers hand on, which are remembered over reloads.
 *
 * None of them is believed, and none takes the place of a configured gateway: they are dialled, a few at a time, only while fewer peers
 * are connected than a tab should have. Who lied is forgotten.
 * Bound: the swarm's table of records, a list of as many as a configuration may have, and the times of their dials.
 * @module
 */

import { peerOf } from "./routes.js";

/** @typedef {import("./generated-types.d.ts").PeerRecord} PeerRecord */
/** @typedef {{ envelope: Uint8Array, workedAt: number }} Remembered */

/** So many peers a tab has, so that no single one can withhold a head from it. */
export const WANTED = 3;
/** Dials of candidates at a time. */
const DIALS_MAX = 2;
/** For so long the configured gateways are alone: they are nearer to the user's choice. */
export const HEAD_START_MS = 4_000;
const LOOK_EVERY_MS = 2_000;
/** First and longest pause before a candidate is dialled again. */
const PAUSE_MS = Object.freeze([15_000, 10 * 60_000]);
/** As long as the core bans a liar; and who is merely stale or silent, at most. */
const BAN_MS = Object.freeze({ lied: 10 * 60_000, other: 60_000 });
/** Peers of whom it is known when they were dialled and reached, the newest. */
const KNOWN_MAX = 256;
/** The list is fetched when nobody has been connected for so long, and then as often. */
export const LIST_AFTER_MS = 8_000;
const LIST_EVERY_MS = 60_000;
/** As many as a configuration may have. */
const LISTED_MAX = 32;
const STORED_KEY = "net/records";

/** @typedef {{ load: (key: string) => Promise<Uint8Array | undefined>, store: (key: string, value: Uint8Array) => Promise<void> }} Store */
/**
 * What it works with.
 * @typedef {object} Surroundings
 * @property {(addresses: string[]) => void} dial by one of these addresses of one peer, or of those that are known
 * @property {(addresses: string[]) => void} learn these addresses of one peer
 * @property {() => Set<string>} connected gateways
 * @property {() => Set<string>} configured peers: they are the core's business
 * @property {() => PeerRecord[]} records that the swarm knows
 * @property {(() => Promise<string[]>) | undefined} fetchGateways the list beside the page
 * @property {Promise<Store | null>} storage
 */

/** Chooses whom to dial besides the configured gateways. */
export class Discovery {
  #around;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #openedAt = 0;
  #aloneSince = 0;
  #listedAt = -Infinity;
  /** By peer. @type {Map<string, string[]>} */
  #listed = new Map();
  /** When each peer was connected last, by the wall clock. @type {Map<string, number>} */
  #worked = new Map();
  /** Peers that are being dialled, or not to be dialled yet. @type {Map<string, { dialling: boolean, after: number, pause: number }>} */
  #dials = new Map();
  /** @type {Promise<void>} */
  #stored = Promise.resolve();

  /** @param {Surroundings} around */
  constructor(around) {
    this.#around = around;
  }

  /**
   * Begins to look.
   * @param {(envelope: Uint8Array) => void} remember what is stored from before, for the swarm to verify again
   */
  async open(remember) {
    clearInterval(this.#timer);
    const now = performance.now();
    [this.#openedAt, this.#aloneSince] = [now, now];
    this.#dials.clear();
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    for (const envelope of await this.#remembered()) remember(envelope);
  }

  close() {
    clearInterval(this.#timer);
  }

  /**
   * Storage that cannot be read or holds something else is empty.
   * @returns {Promise<Uint8Array[]>}
   */
  async #remembered() {
    try {
      const bytes = await (await this.#around.storage)?.load(STORED_KEY);
      if (bytes === undefined) return [];
      /** @type {{ peer: string, envelope: string, workedAt: number }[]} */
      const records = JSON.parse(new TextDecoder().decode(bytes));
      for (const { peer, workedAt } of records) if (workedAt > 0) this.#worked.set(peer, workedAt);
      return records.map(({ envelope }) => Uint8Array.from(atob(envelope), (character) => character.charCodeAt(0)));
    } catch {
      return [];
    }
  }

  /** @param {string} peer */
  connected(peer) {
    this.#dials.delete(peer);
    put(this.#worked, peer, Date.now());
    this.recordsChanged();
  }

  /** @param {string} address whose dial failed */
  dialFailed(address) {
    const dial = this.#dials.get(peerOf(address));
    if (dial === undefined) return;
    dial.dialling = false;
    dial.after = performance.now() + dial.pause;
    dial.pause = Math.min(dial.pause * 2, /** @type {number} */ (PAUSE_MS[1]));
    this.#look();
  }

  /**
   * The core has ended the connection, for what the peer did.
   * @param {string} peer
   * @param {boolean} lied
   */
  dropped(peer, lied) {
    const pause = lied ? BAN_MS.lied : BAN_MS.other;
    put(this.#dials, peer, { dialling: false, after: performance.now() + pause, pause });
    if (!lied) return;
    this.#worked.delete(peer);
    this.recordsChanged();
  }

  /** Stores what the swarm knows, those that worked with the time. */
  recordsChanged() {
    const { storage, records } = this.#around;
    const stored = records().map(({ peer, envelope }) => ({
      peer,
      envelope: btoa(String.fromCharCode(...envelope)),
      workedAt: this.#worked.get(peer) ?? 0,
    }));
    const bytes = new TextEncoder().encode(JSON.stringify(stored));
    // One after the other, the newest last; what cannot be stored is learnt again.
    this.#stored = this.#stored.then(async () => (await storage)?.store(STORED_KEY, bytes)).catch(() => {});
  }

  #look() {
    const now = performance.now();
    const { connected, fetchGateways } = this.#around;
    const count = connected().size;
    if (count > 0) this.#aloneSince = now;
    else if (fetchGateways !== undefined && now - this.#aloneSince >= LIST_AFTER_MS && now - this.#listedAt >= LIST_EVERY_MS) {
      this.#listedAt = now;
      void fetchGateways().then((addresses) => this.#list(addresses), () => {}); // it is tried again
    }
    if (now - this.#openedAt < HEAD_START_MS) return;
    const dialling = [...this.#dials.values()].filter((dial) => dial.dialling).length;
    const free = Math.min(DIALS_MAX - dialling, WANTED - count - dialling);
    for (const [peer, addresses] of this.#candidates(now).slice(0, Math.max(0, free))) {
      const pause = this.#dials.get(peer)?.pause ?? /** @type {number} */ (PAUSE_MS[0]);
      put(this.#dials, peer, { dialling: true, after: now, pause });
      this.#around.dial(addresses);
    }
  }

  /**
   * Whom to dial, the best first: those that worked last, those on the list, then others in an order that no record decides.
   * @param {number} now
   * @returns {[string, string[]][]}
   */
  #candidates(now) {
    const [connected, configured] = [this.#around.connected(), this.#around.configured()];
    /** @type {Map<string, string[]>} */
    const candidates = new Map();
    for (const { peer, addresses } of shuffled(this.#around.records())) candidates.set(peer, addresses);
    for (const [peer, addresses] of this.#listed) candidates.set(peer, [...addresses, ...(candidates.get(peer) ?? [])]);
    const rank = (/** @type {string} */ peer) => this.#worked.get(peer) ?? (this.#listed.has(peer) ? 1 : 0);
    return [...candidates]
      .filter(([peer]) => {
        const dial = this.#dials.get(peer);
        return !connected.has(peer) && !configured.has(peer) && (dial === undefined || (!dial.dialling && dial.after <= now));
      })
      .sort(([left], [right]) => rank(right) - rank(left));
  }

  /** @param {string[]} addresses */
  #list(addresses) {
    if (!Array.isArray(addresses)) return;
    this.#listed.clear();
    for (const address of addresses.slice(0, LISTED_MAX)) {
      if (typeof address !== "string") continue;
      const peer = peerOf(address);
      this.#listed.set(peer, [...(this.#listed.get(peer) ?? []), address]);
    }
    // A configured gateway may have moved; the core dials it, and then here too.
    for (const [peer, moved] of this.#listed) if (this.#around.configured().has(peer)) this.#around.learn(moved);
    this.#look();
  }
}

/**
 * Puts an entry last; the oldest goes when there are too many.
 * @template T
 * @param {Map<string, T>} map
 * @param {string} key
 * @param {T} value
 */
function put(map, key, value) {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= KNOWN_MAX) break;
    map.delete(oldest);
  }
}

/**
 * @template T
 * @param {T[]} values
 * @returns {T[]}
 */
function shuffled(values) {
  const order = crypto.getRandomValues(new Uint32Array(values.length));
  return values
    .map((value, index) => /** @type {[number, T]} */ ([order[index] ?? 0, value]))
    .sort(([left], [right]) => left - right)
    .map(([, value]) => value);
}
