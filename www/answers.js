/**
 * What the shown place asks of the chain. A view says `ask(…)` each time it is drawn; the answer is fetched once, again with each new head as
 * long as it is shown, and forgotten when it is shown no longer. An answer that could not be renewed stays, marked as not current.
 *
 * Bound: answers are those of one place at a time.
 * @module
 */

import { clientError } from "./failure.js";
import { isSynced } from "./clock.js";
import { changed, state } from "./store.js";

/** @typedef {import("./store.js").Client} Client */
/** @typedef {import("./store.js").ClientError} ClientError */

/** Heads may come every second; numbers on a page need not. */
const RENEW_MS_MIN = 3000;
/** How soon it asks again after a failure that is nobody's fault or a dropped peer's. */
const RETRY_MS = 4000;

/**
 * @template T
 * @typedef {object} Answer
 * @property {T | null} result with its proof
 * @property {number} heardAt
 * @property {ClientError | null} error of the newest attempt
 * @property {boolean} busy
 */

/**
 * @typedef {Answer<any> & {
 *   fetch: (client: Client, signal: AbortSignal) => Promise<any>,
 *   block: "latest" | "finalized",
 *   basis: string | null,
 *   triedAt: number,
 *   drawn: boolean,
 *   controller: AbortController,
 * }} Entry
 */

/** @type {Map<string, Entry>} */
const entries = new Map();

/**
 * @template T
 * @param {string} key what is asked, in full
 * @param {"latest" | "finalized"} block
 * @param {(client: Client, signal: AbortSignal) => Promise<T>} fetch
 * @returns {Answer<T>}
 */
export function ask(key, block, fetch) {
  const known = entries.get(key);
  if (known !== undefined) {
    known.drawn = true;
    return known;
  }
  /** @type {Entry} */
  const entry = {
    result: null,
    heardAt: 0,
    error: null,
    busy: false,
    fetch,
    block,
    basis: null,
    triedAt: -Infinity,
    drawn: true,
    controller: new AbortController(),
  };
  entries.set(key, entry);
  queueMicrotask(() => void renew(entry));
  return entry;
}

/**
 * Whether an answer may be shown as current: it is there, its newest attempt did not fail, and the head is not ageing.
 * @param {Answer<any>} answer
 * @returns {boolean}
 */
export function isCurrent(answer) {
  return answer.result !== null && answer.error === null && isSynced();
}

/** Call it before and after a place is drawn: what was not asked for in between is forgotten. */
export function beginDrawing() {
  for (const entry of entries.values()) entry.drawn = false;
}

export function endDrawing() {
  for (const [key, entry] of entries) {
    if (entry.drawn) continue;
    entry.controller.abort();
    entries.delete(key);
  }
}

/** Renews what is due: after a new head, or some time after a failure. Call it with each status and each tick. */
export function renewAnswers() {
  const now = performance.now();
  for (const entry of entries.values()) if (isDue(entry, now)) void renew(entry);
}

/** Renews everything that is shown, now: when the user asks for it, or has changed something. */
export function renewAllAnswers() {
  for (const entry of entries.values()) void renew(entry);
}

/**
 * @param {Entry} entry
 * @param {number} now
 * @returns {boolean}
 */
function isDue(entry, now) {
  if (entry.triedAt === -Infinity) return true; // asked for before the client was there
  const elapsed = now - entry.triedAt;
  if (entry.busy || elapsed < RENEW_MS_MIN) return entry.error?.code === "not_synced" && !entry.busy && isSynced();
  if (entry.basis !== basisOf(entry)) return true;
  return entry.error !== null && entry.error.fault !== "caller" && elapsed > RETRY_MS;
}

/**
 * The head that the answer would be proven against now.
 * @param {Entry} entry
 * @returns {string | null}
 */
function basisOf({ block }) {
  const head = block === "finalized" ? state.status?.finalized : state.status?.optimistic;
  return head?.blockHash ?? null;
}

/** @param {Entry} entry */
async function renew(entry) {
  const { client } = state;
  if (client === null || entry.busy || entry.controller.signal.aborted) return;
  entry.busy = true;
  entry.basis = basisOf(entry);
  entry.triedAt = performance.now();
  changed();
  try {
    entry.result = await entry.fetch(client, entry.controller.signal);
    entry.heardAt = performance.now();
    entry.error = null;
  } catch (error) {
    if (!entry.controller.signal.aborted) entry.error = clientError(error);
  } finally {
    entry.busy = false;
    changed();
  }
}
