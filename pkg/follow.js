/**
 * The place of a tab that follows: it calls the leader, and hears its news.
 * @module
 */

import { Rpc } from "./rpc.js";

/**
 * @typedef {object} Hooks
 * @property {(type: string, detail: any) => void} onNews
 * @property {() => void} onBye the leader ends
 */

/** The news that a leader may tell. */
const NEWS = Object.freeze(["status", "head", "transaction", "accounts", "crashed"]);

/** One conversation with one leader. */
export class Follow {
  #channel;
  #rpc;
  /** @type {(nothing: void) => void} */
  #welcomed = () => {};
  #welcome = new Promise((/** @type {(nothing: void) => void} */ resolve) => (this.#welcomed = resolve));

  /**
   * @param {string} pipe
   * @param {Hooks} hooks
   */
  constructor(pipe, { onNews, onBye }) {
    this.#channel = new BroadcastChannel(pipe);
    this.#rpc = new Rpc(this.#channel, {
      welcome: () => this.#welcomed(),
      bye: onBye,
      hear: (/** @type {string} */ type, /** @type {unknown} */ detail) => {
        if (NEWS.includes(type)) onNews(type, detail);
      },
    });
  }

  /** @readonly */
  role = /** @type {const} */ ("follower");

  /** Resolves when the leader listens; never, if it ends before. */
  async ready() {
    await this.#welcome;
  }

  /**
   * @param {string} method
   * @param {unknown[]} args
   * @returns {Promise<unknown>}
   */
  call(method, args) {
    return this.#rpc.call("call", method, args);
  }

  awake() {
    this.#rpc.notify("awake");
  }

  /** @param {unknown} reason */
  end(reason) {
    this.#rpc.close(reason);
    this.#channel.close();
  }
}
