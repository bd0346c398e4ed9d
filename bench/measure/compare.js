// Measuring two sides in turns, so that whatever else the machine does hits both.

/**
 * @template T
 * @typedef {() => Promise<T> | T} Work does one side's work once and says how long it took
 */

/**
 * @template T
 * @typedef {{ ours: T[], theirs: T[] }} Samples milliseconds, of each side
 */

/** A clock's tick is up to 0.1 ms in browsers; this long, it is noise of one percent. */
const sampleMs = 12;

/** Of slow work, less often is enough. */
const comparisonMs = 20_000;

/**
 * Ours, theirs, ours, theirs …; a first round is not counted: engines optimize what they have seen.
 * @template T
 * @param {Work<T>} ours
 * @param {Work<T>} theirs
 * @param {number} rounds
 * @returns {Promise<Samples<T>>}
 */
export async function compare(ours, theirs, rounds) {
  await ours();
  await theirs();
  /** @type {Samples<T>} */
  const samples = { ours: [], theirs: [] };
  const startedAt = performance.now();
  for (let round = 0; round < rounds && (round === 0 || performance.now() - startedAt < comparisonMs); round += 1) {
    samples.ours.push(await ours());
    samples.theirs.push(await theirs());
  }
  return samples;
}

/**
 * Work that is too quick for the clock, as often as it takes to be measured.
 * @param {() => unknown} once
 * @returns {Promise<Work<number>>}
 */
export async function repeated(once) {
  for (let times = 1; ; times *= 2) {
    const took = await duration(once, times);
    if (took >= sampleMs) return async () => await duration(once, times) / times;
  }
}

/**
 * @param {() => unknown} once
 * @param {number} times
 */
async function duration(once, times) {
  const startedAt = performance.now();
  for (let index = 0; index < times; index += 1) {
    const pending = once();
    if (pending instanceof Promise) await pending;
  }
  return performance.now() - startedAt;
}
