/**
 * The one error type of the package, and its plain form that crosses threads.
 * @module
 */

/** @typedef {import("./index.d.ts").ErrorCode} ErrorCode */
/** @typedef {import("./index.d.ts").Fault} Fault */
/** @typedef {{ code: string, message: string, fault?: string | undefined, details?: unknown }} PlainError */

/** Whose fault a code is when the thrower did not say. Its keys are all the codes. */
const FAULT_OF_CODE = Object.freeze({
  not_synced: "unavailable",
  no_peers: "unavailable",
  unavailable: "unavailable",
  peer_misbehaved: "peer",
  invalid_argument: "caller",
  locked: "caller",
  wrong_passphrase: "caller",
  insufficient_funds: "caller",
  refused: "caller",
  stale_checkpoint: "caller",
  crashed: "bug",
  bug: "bug",
});

/** An error with a stable `code`, a `message` for people, and whose `fault` it was. */
export class ClientError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {string} message
   * @param {{ fault?: Fault, details?: unknown }} [options]
   */
  constructor(code, message, options = {}) {
    super(message);
    this.name = "ClientError";
    /** @readonly */
    this.code = code;
    /** @type {Fault} @readonly */
    this.fault = options.fault ?? /** @type {Fault} */ (FAULT_OF_CODE[code]);
    /** @readonly */
    this.details = options.details;
  }
}

/** The tab that led is gone, and with it what it was doing: repeated by the next one where that is safe. */
export class HandOver extends ClientError {
  constructor() {
    super("unavailable", "the tab that led was closed before it answered; look whether it was done, or try again");
  }
}

/**
 * The plain form of whatever was thrown. Errors from Rust and from the swarm carry `code` and more as properties.
 * @param {unknown} reason
 * @returns {PlainError}
 */
export function plainError(reason) {
  if (typeof reason !== "object" || reason === null) return { code: "bug", message: String(reason) };
  if (reason instanceof WebAssembly.RuntimeError) return { code: "crashed", message: reason.message };
  const { code, message, fault, details } = /** @type {Partial<PlainError>} */ (reason);
  return {
    code: typeof code === "string" ? code : "bug",
    message: typeof message === "string" ? message : String(reason),
    fault: typeof fault === "string" ? fault : undefined,
    details,
  };
}

/**
 * The error that the package's user sees; an unknown code is a bug of ours, said as such.
 * @param {unknown} reason
 * @returns {ClientError}
 */
export function clientError(reason) {
  if (reason instanceof ClientError) return reason;
  const { code, message, fault, details } = plainError(reason);
  const known = Object.hasOwn(FAULT_OF_CODE, code);
  return new ClientError(known ? /** @type {ErrorCode} */ (code) : "bug", message, {
    ...(isFault(fault) && known ? { fault } : {}),
    details: known ? details : { code, details },
  });
}

/**
 * @param {unknown} fault
 * @returns {fault is Fault}
 */
function isFault(fault) {
  return fault === "peer" || fault === "unavailable" || fault === "caller" || fault === "bug";
}
