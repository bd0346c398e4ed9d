/**
 * Calls and notices over a message port, the same on both ends.
 *
 * A call has an id and is answered once, with a result or an error; a notice is not answered. Buffers of byte arrays are moved,
 * not copied, but over a `BroadcastChannel`, which can only copy. Bound: `PENDING_CALLS_MAX` calls wait for an answer at once.
 * @module
 */

import { plainError } from "./errors.js";

/** More waiting calls than a page makes in earnest; beyond it the other end is stuck. */
export const PENDING_CALLS_MAX = 4096;

/** How deep byte arrays are looked for in a message: arguments → event or result → field. */
const TRANSFER_DEPTH_MAX = 3;

/** @typedef {import("./errors.js").PlainError} PlainError */
/** @typedef {{ id?: number, method: string, args: unknown[] }} Request */
/** @typedef {{ id: number, result?: unknown, error?: PlainError }} Response */
/** @typedef {Record<string, (...args: any[]) => unknown>} Handlers */
/**
 * What this needs of a `Worker`, a `MessagePort`, a `BroadcastChannel` or a worker's own global scope.
 * @typedef {object} Port
 * @property {(message: unknown, transfer: Transferable[]) => void} postMessage
 * @property {(type: "message", listener: (event: MessageEvent) => void) => void} addEventListener
 * @property {() => void} [start]
 */

/** The rejection of a call: the other end's error with its code. */
export class RpcError extends Error {
  /** @param {PlainError} plain */
  constructor(plain) {
    super(plain.message);
    this.name = "RpcError";
    this.code = plain.code;
    this.fault = plain.fault;
    this.details = plain.details;
  }
}

/** One end of a conversation. */
export class Rpc {
  #port;
  #handlers;
  /** @type {Map<number, { resolve: (result: unknown) => void, reject: (error: unknown) => void }>} */
  #pending = new Map();
  #nextId = 1;
  /** @type {unknown} */
  #closedBy = null;

  /**
   * @param {Port} port
   * @param {Handlers} handlers what the other end may call
   */
  constructor(port, handlers) {
    this.#port = port;
    this.#handlers = handlers;
    port.addEventListener("message", (event) => this.#receive(event.data));
    port.start?.();
  }

  /**
   * @param {string} method
   * @param {unknown[]} args
   * @returns {Promise<any>}
   */
  call(method, ...args) {
    if (this.#closedBy !== null) return Promise.reject(this.#closedBy);
    if (this.#pending.size >= PENDING_CALLS_MAX) {
      return Promise.reject(
        new RpcError({ code: "unavailable", message: `${PENDING_CALLS_MAX} calls are waiting already` }),
      );
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      try {
        this.#send({ id, method, args });
      } catch (error) {
        this.#pending.delete(id);
        reject(
          new RpcError({ code: "invalid_argument", message: `the arguments of ${method} cannot be sent: ${error}` }),
        );
      }
    });
  }

  /**
   * @param {string} method
   * @param {unknown[]} args
   */
  notify(method, ...args) {
    if (this.#closedBy === null) this.#send({ method, args });
  }

  /**
   * Rejects what is waiting and all later calls, and hears no more.
   * @param {unknown} error
   */
  close(error) {
    if (this.#closedBy !== null) return;
    this.#closedBy = error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  /** @param {unknown} message also of another script, where the port is a channel of the origin */
  #receive(message) {
    if (this.#closedBy !== null) return;
    if (isRequest(message)) void this.#serve(message);
    else if (isResponse(message)) this.#settle(message);
  }

  /** @param {Request} request */
  async #serve({ id, method, args }) {
    /** @type {Response} */
    let response;
    try {
      if (!Object.hasOwn(this.#handlers, method)) throw new RpcError({ code: "bug", message: `no method ${method}` });
      const result = await this.#handlers[method]?.(...args);
      response = { id: id ?? 0, result };
    } catch (error) {
      if (id === undefined) throw error; // a notice has nobody to tell: let the global scope hear of it
      response = { id, error: plainError(error) };
    }
    if (id === undefined || this.#closedBy !== null) return;
    try {
      this.#send(response);
    } catch (error) {
      this.#send({ id, error: { code: "bug", message: `the result of ${method} cannot be sent: ${error}` } });
    }
  }

  /** @param {Response} response */
  #settle({ id, result, error }) {
    const waiting = this.#pending.get(id);
    if (waiting === undefined) return;
    this.#pending.delete(id);
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(new RpcError(error));
  }

  /** @param {Request | Response} message */
  #send(message) {
    this.#port.postMessage(message, transferables(message));
  }
}

/**
 * @param {any} message
 * @returns {message is Request}
 */
function isRequest(message) {
  return typeof message?.method === "string" && Array.isArray(message.args);
}

/**
 * @param {any} message
 * @returns {message is Response}
 */
function isResponse(message) {
  return typeof message?.id === "number" && message.error !== null;
}

/**
 * The buffers that can be moved: those of byte arrays that own theirs whole.
 * @param {unknown} message
 * @returns {ArrayBuffer[]}
 */
export function transferables(message) {
  /** @type {Set<ArrayBuffer>} */
  const found = new Set();
  collect(message, TRANSFER_DEPTH_MAX, found);
  return [...found];
}

/**
 * @param {unknown} value
 * @param {number} depth
 * @param {Set<ArrayBuffer>} found
 */
function collect(value, depth, found) {
  if (value instanceof Uint8Array) {
    if (value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength) found.add(value.buffer);
  } else if (depth > 0 && typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) collect(inner, depth - 1, found);
  }
}
