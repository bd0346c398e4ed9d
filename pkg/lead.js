/**
 * The place of the tab that leads: it has the engine, and lets the tabs that follow use it.
 *
 * Bound: followers are tabs that the user has open, and each waits for no more calls than `rpc.js` allows.
 * @module
 */

import { Engine } from "./engine.js";
import { ClientError, HandOver } from "./errors.js";
import { METHODS } from "./methods.js";
import { Rpc } from "./rpc.js";

/** @typedef {import("./index.d.ts").Account} Account */
/** @typedef {import("./index.d.ts").Config} Config */
/** @typedef {import("./index.d.ts").Status} Status */

/**
 * @typedef {object} Hooks
 * @property {(type: string, detail: any) => void} onNews
 * @property {(reason: ClientError) => void} onEnd
 * @property {() => void} onRemoved
 */

/** A tab that uses the engine; the leader's own is one too, without a pipe. */
class Tab {
  /** @param {string | null} pipe */
  constructor(pipe) {
    this.pipe = pipe;
    /** @type {Rpc | null} */
    this.rpc = null;
    this.hangUp = () => {};
  }
}

/** Started once, and of no use after its end. */
export class Lead {
  #engine;
  #hooks;
  #own = new Tab(null);
  /** @type {Map<string, Tab>} */
  #followers = new Map();
  /** Which tabs opened an account, by its address in lower case. @type {Map<string, Set<Tab>>} */
  #opened = new Map();
  #ready;

  /**
   * @param {Config} config
   * @param {import("./engine.js").Surroundings} surroundings
   * @param {Hooks} hooks
   */
  constructor(config, surroundings, hooks) {
    this.#hooks = hooks;
    this.#engine = new Engine(config, surroundings, { ...hooks, onNews: (type, detail) => this.#tell(type, detail) });
    this.#ready = this.#engine.start();
    this.#ready.catch(() => {}); // who waits for it hears of it
  }

  /** @readonly */
  role = /** @type {const} */ ("leader");

  /** Resolves when the core is ready. */
  async ready() {
    await this.#ready;
  }

  /**
   * @param {string} method
   * @param {unknown[]} args
   */
  call(method, args) {
    return this.#callOf(this.#own, method, args);
  }

  awake() {
    this.#engine.awake();
  }

  /** Tells all tabs which accounts there are, and which of them are open. */
  async tellAccounts() {
    this.#tell("accounts", await this.#engine.call("accounts", []));
  }

  /**
   * A tab listens on a pipe, and holds the lock of its name until it is gone.
   * @param {string} pipe
   */
  join(pipe) {
    if (this.#followers.has(pipe)) return;
    const tab = new Tab(pipe);
    const channel = new BroadcastChannel(pipe);
    const ended = new AbortController();
    const rpc = new Rpc(channel, {
      call: (/** @type {string} */ method, /** @type {unknown[]} */ args) => this.#callOf(tab, method, args),
      awake: () => this.awake(),
    });
    tab.rpc = rpc;
    tab.hangUp = () => {
      rpc.close(new HandOver());
      channel.close();
      ended.abort();
    };
    this.#followers.set(pipe, tab);
    rpc.notify("welcome");
    navigator.locks.request(pipe, { signal: ended.signal }, () => this.#gone(tab)).catch(() => {}); // ended before the tab was gone
  }

  /** @param {ClientError} reason */
  end(reason) {
    for (const tab of this.#followers.values()) {
      tab.rpc?.notify("bye");
      tab.hangUp();
    }
    this.#followers.clear();
    this.#engine.end(reason);
  }

  /**
   * @param {Tab} tab
   * @param {string} method
   * @param {unknown[]} args
   */
  async #callOf(tab, method, args) {
    if (!METHODS.includes(/** @type {any} */ (method)) || !Array.isArray(args)) throw new ClientError("bug", `no method ${method}`);
    await this.#ready;
    const result = await this.#engine.call(method, args);
    if (method === "state") return this.#counted(result);
    this.#account(tab, method, args, result);
    return result;
  }

  /**
   * Keeps the record of who opened which account, and tells the others of every change.
   * @param {Tab} tab
   * @param {string} method
   * @param {unknown[]} args
   * @param {any} result
   */
  #account(tab, method, args, result) {
    if (method === "lock" || method === "removeAccount") this.#opened.delete(String(args[0]).toLowerCase());
    else if (method === "unlock" || method === "createAccount" || method === "importAccount") {
      const { address } = /** @type {Account} */ (result);
      const key = address.toLowerCase();
      this.#opened.set(key, (this.#opened.get(key) ?? new Set()).add(tab));
    } else return;
    void this.tellAccounts().catch(() => {}); // only an end of the engine, of which all hear
  }

  /**
   * An account is open for the visit in which it was opened: when the last tab that did it is gone, it is locked.
   * @param {Tab} tab
   */
  #gone(tab) {
    this.#followers.delete(/** @type {string} */ (tab.pipe));
    tab.hangUp();
    for (const [address, tabs] of this.#opened) {
      if (tabs.delete(tab) && tabs.size === 0) void this.call("lock", [address]).catch(() => {}); // without its engine it is locked anyway
    }
  }

  /**
   * @param {string} type
   * @param {any} detail
   */
  #tell(type, detail) {
    const said = type === "status" ? this.#counted(detail) : detail;
    this.#hooks.onNews(type, said);
    if (type === "crashed" && !detail.restarting) return; // they hear that it ended, and one of them leads
    if (type === "crashed" && detail.part === "core") this.#opened.clear();
    for (const { rpc } of this.#followers.values()) rpc?.notify("hear", type, said);
  }

  /** @param {any} status of the core */
  #counted(status) {
    return { ...status, followers: this.#followers.size, servedBytes: this.#engine.servedBytes };
  }
}
