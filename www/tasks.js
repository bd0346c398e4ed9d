/**
 * What the user set going, by name: whether it runs, and how it failed. One of a name at a time.
 * @module
 */

import { clientError } from "./failure.js";
import { changed } from "./store.js";

/** @typedef {{ busy: boolean, error: import("./store.js").ClientError | null }} Task */

/** @type {Map<string, Task>} */
const tasks = new Map();

/** @type {Readonly<Task>} */
const IDLE = Object.freeze({ busy: false, error: null });

/**
 * @param {string} name
 * @returns {Readonly<Task>}
 */
export function task(name) {
  return tasks.get(name) ?? IDLE;
}

/**
 * Runs it unless it runs already; its failure is kept for the view. Resolves to its result, or undefined.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T | undefined>}
 */
export async function perform(name, work) {
  if (task(name).busy) return undefined;
  const running = { busy: true, error: /** @type {Task["error"]} */ (null) };
  tasks.set(name, running);
  changed();
  try {
    return await work();
  } catch (error) {
    running.error = clientError(error);
    return undefined;
  } finally {
    running.busy = false;
    changed();
  }
}

/** @param {string} name */
export function clearTask(name) {
  if (tasks.get(name)?.busy === false) tasks.delete(name);
}
