/**
 * Ages by the chain's clock, going on between two statuses; in a replay the clock stands still.
 * @module
 */

import { state } from "./store.js";

/** @typedef {import("../pkg/index.js").Head} Head */

/** Mainnet's and its test networks'. */
const SLOT_DURATION_MS_DEFAULT = 12_000;

/**
 * Seconds since something was heard; none in a replay.
 * @param {number} heardAt by `performance.now()`
 * @returns {number}
 */
export function secondsSince(heardAt) {
  if (typeof state.config?.fixedClockUnixMs === "number") return 0;
  return Math.max(0, (performance.now() - heardAt) / 1000);
}

/**
 * @param {Head} head of the newest status
 * @returns {number}
 */
export function headAge(head) {
  return head.ageSeconds + secondsSince(state.statusHeardAt);
}

/** @returns {number} */
export function slotSeconds() {
  const network = state.config?.network;
  return (typeof network === "object" ? network.slotDurationMs : SLOT_DURATION_MS_DEFAULT) / 1000;
}

/**
 * Seconds since a slot began, counted from the newest head; null without one.
 * @param {number} slot
 * @returns {number | null}
 */
export function slotAge(slot) {
  const head = state.status?.optimistic ?? null;
  return head === null ? null : headAge(head) + Math.max(0, head.slot - slot) * slotSeconds();
}

/** Whether what is proven against the newest head may be shown as current. */
export function isSynced() {
  return state.boot === "running" && state.status?.phase === "synced";
}
