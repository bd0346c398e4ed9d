/**
 * Which tab of an origin leads: the one that holds a Web Lock. The others queue for it, and are told by a channel who leads.
 *
 *     follower ──seek──▶ all      who leads?
 *     leader ──lead──▶ all        I do, since `term`; on its own when it begins
 *     follower ──join──▶ leader   I listen on the channel `pipe`, and hold a lock of that name for as long as I am there
 *
 * The browser frees a lock when its tab is closed or crashes. A tab that is frozen gives it up before; one whose thread stands still cannot,
 * and answers nothing: after `SILENCES_MAX` silent looks its lock is taken from it. Terms are the clock of the one machine, and rise: a message of
 * who led before is told from a newer one. Bound: one queued request, one pipe.
 * @module
 */

/** How often a follower looks whether the leader was heard. */
const LOOK_MS = 1_000;

/** Longer than a busy machine keeps a page's thread from answering; a leader that is cut off too early only starts again. */
const SILENCES_MAX = 8;

/** @typedef {{ type: "seek" } | { type: "lead", leader: string, term: number } | { type: "join", leader: string, pipe: string }} Message */

/**
 * What the owner of a seat does. `onLead`: start; `onFollow`: listen on the pipe, the leader is told to answer there; `onJoin`: a follower
 * listens on the pipe; `onLost`: another leads, or will.
 * @typedef {object} Hooks
 * @property {() => void} onLead
 * @property {(pipe: string) => void} onFollow
 * @property {(pipe: string) => void} onJoin
 * @property {() => void} onLost
 */

/** Whether this browser can share: both are missing outside of secure contexts, and one or the other in old browsers. */
export function canShare() {
  return globalThis.navigator?.locks !== undefined && typeof BroadcastChannel !== "undefined";
}

/** One tab's place among those of the same name; taken when it is made, until it leaves. */
export class Seat {
  #id = crypto.randomUUID();
  #name;
  #hooks;
  #channel;
  #looking;
  #left = new AbortController();
  /** Ends the request in the queue, to make another. */
  #queued = new AbortController();
  #leads = false;
  /** The newest term that was heard of, whose it is, and whether it was heard since the last look. */
  #term = 0;
  /** @type {string | null} */
  #leader = null;
  #heardOf = false;
  #silences = 0;
  /** Gives up the lock of this tab's own pipe. */
  #hangUp = () => {};

  /**
   * @param {string} name
   * @param {Hooks} hooks
   */
  constructor(name, hooks) {
    this.#name = name;
    this.#hooks = hooks;
    this.#channel = new BroadcastChannel(name);
    this.#channel.addEventListener("message", ({ data }) => this.#heard(data));
    this.#looking = setInterval(() => this.#look(), LOOK_MS);
    this.#queue();
    this.#say({ type: "seek" });
  }

  /** Leaves for ever: the lock is free for another. */
  leave() {
    clearInterval(this.#looking);
    this.#channel.close();
    this.#hangUp();
    this.#leads = false;
    this.#left.abort();
  }

  /** @param {boolean} [steal] */
  #queue(steal = false) {
    this.#queued.abort();
    this.#queued = new AbortController();
    const { signal } = this.#queued;
    const options = steal ? { steal } : { signal: AbortSignal.any([signal, this.#left.signal]) };
    navigator.locks
      .request(this.#name, options, () => this.#granted())
      .catch((error) => {
        if (!signal.aborted && !this.#left.signal.aborted) this.#refused(error);
      });
  }

  /** @returns {Promise<void>} the lock is held until it resolves */
  #granted() {
    return new Promise((resolve) => {
      if (this.#left.signal.aborted) return resolve();
      this.#left.signal.addEventListener("abort", () => resolve(), { once: true });
      this.#hangUp();
      this.#leads = true;
      this.#leader = this.#id;
      this.#term = Math.max(Date.now(), this.#term + 1);
      this.#sayWhoLeads();
      this.#hooks.onLead();
    });
  }

  /** @param {unknown} error */
  #refused(error) {
    const stolen = error instanceof DOMException && error.name === "AbortError";
    if (!stolen) {
      this.#leads = true; // locks are forbidden, as they are to an opaque origin: it has no other tabs
      return this.#hooks.onLead();
    }
    this.#leads = false;
    this.#leader = null;
    this.#hooks.onLost();
    this.#queue();
    this.#say({ type: "seek" });
  }

  /** @param {unknown} message of any script of this origin */
  #heard(message) {
    if (!isMessage(message)) return;
    if (message.type === "seek") {
      if (this.#leads) this.#sayWhoLeads();
    } else if (message.type === "join") {
      if (this.#leads && message.leader === this.#id && message.pipe.startsWith(this.#pipes(this.#id))) this.#hooks.onJoin(message.pipe);
    } else if (!this.#leads) this.#heardOfLeader(message.leader, message.term);
  }

  /**
   * @param {string} leader
   * @param {number} term
   */
  #heardOfLeader(leader, term) {
    if (term < this.#term) return;
    this.#heardOf = true;
    if (leader === this.#leader) return;
    this.#term = term;
    this.#leader = leader;
    this.#join(leader);
  }

  /** @param {string} leader */
  #join(leader) {
    this.#hangUp();
    const pipe = this.#pipes(leader) + crypto.randomUUID();
    const hungUp = new AbortController();
    this.#hangUp = () => hungUp.abort();
    const held = () =>
      new Promise((/** @type {(nothing: void) => void} */ resolve) => {
        hungUp.signal.addEventListener("abort", () => resolve(), { once: true });
        this.#hooks.onFollow(pipe);
        this.#say({ type: "join", leader, pipe });
      });
    navigator.locks.request(pipe, { signal: hungUp.signal }, held).catch(() => {}); // hung up before it was granted
  }

  /** Sees whether the leader was heard, asks for it if not, and in the end takes its place. */
  #look() {
    if (this.#leads) return;
    this.#silences = this.#heardOf ? 0 : this.#silences + 1;
    this.#heardOf = false;
    if (this.#silences === 0) return;
    if (this.#silences <= SILENCES_MAX) return this.#say({ type: "seek" });
    this.#silences = 0;
    this.#queue(true);
  }

  #sayWhoLeads() {
    this.#say({ type: "lead", leader: this.#id, term: this.#term });
  }

  /** @param {Message} message */
  #say(message) {
    if (!this.#left.signal.aborted) this.#channel.postMessage(message);
  }

  /** @param {string} leader */
  #pipes(leader) {
    return `${this.#name}/${leader}/`;
  }
}

/**
 * @param {any} message
 * @returns {message is Message}
 */
function isMessage(message) {
  if (typeof message !== "object" || message === null) return false;
  const { type, leader, term, pipe } = message;
  if (type === "seek") return true;
  if (typeof leader !== "string") return false;
  return type === "lead" ? Number.isSafeInteger(term) : type === "join" && typeof pipe === "string";
}
