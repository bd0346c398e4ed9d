/**
 * Failures as people need them: what happened, whose fault it was, what to do.
 * @module
 */

import { ClientError } from "../pkg/index.js";

/** @typedef {import("../pkg/index.js").ErrorCode} ErrorCode */
/** @typedef {import("../pkg/index.js").Fault} Fault */

/** @type {Readonly<Record<ErrorCode, { title: string, advice: string }>>} */
export const ADVICE = Object.freeze({
  not_synced: { title: "No verified head yet", advice: "The answer appears by itself once there is one." },
  no_peers: {
    title: "No peer is connected",
    advice: "The page keeps dialling. More gateways can be added in Settings.",
  },
  unavailable: { title: "No peer could answer", advice: "The page asks again by itself." },
  peer_misbehaved: {
    title: "A peer sent something false",
    advice: "It was dropped and is named in Network. Nothing that it sent is shown. The page asks others.",
  },
  invalid_argument: { title: "That does not fit", advice: "Change it and try again." },
  locked: { title: "The account is locked", advice: "Unlock it with its passphrase first." },
  wrong_passphrase: { title: "Wrong passphrase", advice: "Try again. It cannot be recovered, only remembered." },
  insufficient_funds: { title: "Not enough ether", advice: "Lower the amount, or fund the account first." },
  refused: {
    title: "The network refused it",
    advice: "Nothing was spent. Change what the message names and try again.",
  },
  stale_checkpoint: {
    title: "The checkpoint is too old",
    advice: "Enter a newer one in Settings, from a source that you trust.",
  },
  crashed: { title: "The client crashed", advice: "It starts again by itself; if it does not, reload the page." },
  bug: { title: "A defect of ours", advice: "Reload the page; if it happens again, please report the message." },
});

/** @type {Readonly<Record<Fault, string>>} */
export const FAULTS = Object.freeze({
  peer: "A peer’s fault",
  unavailable: "Nobody’s fault",
  caller: "Yours to change",
  bug: "Our fault",
});

/**
 * @param {unknown} error
 * @returns {ClientError}
 */
export function clientError(error) {
  if (error instanceof ClientError) return error;
  return new ClientError("bug", error instanceof Error ? error.message : String(error));
}
