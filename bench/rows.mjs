/** The results: one row for each thing that was measured, in one place, beside one other. */

import { cpus } from 'node:os';
import { heading, red, table } from '../scripts/library/report.mjs';

/**
 * `ours` and `theirs` are medians. A `ratio` above 1 says that we are better; beside `native` it is how near we are to the limit.
 * `ratioOfFastest` is that of the fastest runs: what a loaded machine says that an idle one would.
 * `required` is the least ratio, or, without a ratio, the most that ours may be.
 * @typedef {{ what: string, where: 'node' | 'chromium', unit: 'ms' | 'bytes', ours: number, peer: string | null, theirs: number | null,
 *   ratio: number | null, ratioOfFastest: number | null, required: number | null, met: boolean | null }} Row
 */

/** The least ratios to each. @type {Record<string, Record<string, number>>} */
const requiredRatios = {
  period_update: { helios: 5, lodestar: 4 },
  finality_update: { helios: 3 },
  account_proof: { colibri: 4 },
  storage_proof: { colibri: 2 },
  transaction: { colibri: 2 },
  receipt: { colibri: 2 },
  block: { colibri: 2 },
};

/** The most of ours, in `where` alone if it is given. @type {Record<string, { most: number, where?: string }>} */
const requiredValues = {
  catch_up_46: { most: 500, where: 'chromium' },
  core_wasm_brotli_bytes: { most: 150_000 },
  peak_wasm_bytes: { most: 8 * 2 ** 20 },
  cold_start_page_mainnet: { most: 1_000 },
  cold_start_page_devnet: { most: 1_000 },
  reload_page_mainnet: { most: 300 },
  reload_page_devnet: { most: 300 },
  // 5 MB a second.
  response_4_mb: { most: 800 },
};

/**
 * @param {{ what: string, where: Row['where'], unit?: Row['unit'], ours: number, peer?: string | null, theirs?: number | null,
 *   ratioOfFastest?: number | null }} measured
 * @returns {Row}
 */
export function row({ what, where, unit = 'ms', ours, peer = null, theirs = null, ratioOfFastest = null }) {
  const ratio = theirs === null ? null : theirs / ours;
  const value = requiredValues[what];
  const most = value !== undefined && (value.where ?? where) === where ? value.most : null;
  const least = peer === null ? null : requiredRatios[what]?.[peer] ?? null;
  const met = least !== null && ratio !== null ? ratio >= least : most !== null ? ours <= most : null;
  return {
    what, where, unit, ours: rounded(ours), peer, theirs: theirs === null ? null : rounded(theirs), ratio: ratio === null ? null : rounded(ratio),
    ratioOfFastest: ratioOfFastest === null ? null : rounded(ratioOfFastest), required: least ?? most, met,
  };
}

/**
 * Rows of all samples, by measurement and peer.
 * @param {Row['where']} where
 * @param {Record<string, Record<string, { ours: number[], theirs: number[] }>>} results
 * @returns {Row[]}
 */
export function rowsOf(where, results) {
  return Object.entries(results).flatMap(([what, byPeer]) => Object.entries(byPeer).map(([peer, { ours, theirs }]) =>
    row({ what, where, ours: median(ours), peer, theirs: median(theirs), ratioOfFastest: Math.min(...theirs) / Math.min(...ours) })));
}

/**
 * Rows beside the limits, with the median of ours over all comparisons.
 * @param {Row['where']} where
 * @param {Record<string, Record<string, { ours: number[] }>>} results
 * @param {Record<string, number>} limits milliseconds by measurement
 */
export function rowsOfLimits(where, results, limits) {
  return Object.entries(results).flatMap(([what, byPeer]) => (limits[what] === undefined
    ? []
    : [row({ what, where, ours: median(Object.values(byPeer).flatMap(({ ours }) => ours)), peer: 'native', theirs: limits[what] })]));
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Three significant digits; bytes are exact. @param {number} value */
function rounded(value) {
  return Number.isInteger(value) ? value : Number(value.toPrecision(3));
}

/** @param {Row[]} rows */
export function print(rows) {
  heading(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`);
  table(['what', 'where', 'ours', 'theirs', 'ratio', 'of fastest', 'required', 'peer'], rows.map(({ what, where, unit, ours, peer, theirs, ratio, ratioOfFastest, required, met }) => [
    what, where, `${ours} ${unit}`, theirs === null ? '–' : `${theirs} ${unit}`, ratio === null ? '–' : `${ratio}`,
    ratioOfFastest === null ? '–' : `${ratioOfFastest}`, required === null ? '–' : `${required}${met ? '' : ' !'}`, peer ?? '–',
  ]));
  for (const line of new Set(rows.filter(({ met }) => met === false).map(complaint))) console.log(red(line));
}

/** @param {Row} row that does not meet what is required */
function complaint({ what, where, ours, unit, peer, ratio, required }) {
  const isRatio = peer !== null && requiredRatios[what]?.[peer] !== undefined;
  return `not met: ${what} in ${where}: ${isRatio ? `${ratio} × ${peer}, ${required} × is required` : `${ours} ${unit}, at most ${required} are required`}`;
}
