/**
 * Measures in headless Chromium what a visitor waits for, and others beside us where they do the same.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build, buildWasmCrate } from '../scripts/build.mjs';
import { findChromium, generatedFolder, root } from '../scripts/library/paths.mjs';
import { heading, progress, runMain, table } from '../scripts/library/report.mjs';
import { ensureLockedPackages, ensureSetup } from '../scripts/setup.mjs';
import { startStack } from '../scripts/stack.mjs';
import { mainnetAccount, mainnetChain } from './data.mjs';
import * as colibri from './peers/colibri.mjs';
import * as helios from './peers/helios.mjs';

const help = `Usage: npm run bench [-- --output FILE]

Measures in headless Chromium and writes bench/results.json: [{ what, unit, ours, peer, theirs, ratio }].`;

/** Enough for a stable median, few enough for a minute. */
const runs = { updates: 10, accountBatches: 30, accountBatchSize: 100, coldStarts: 7, peers: 5 };

const chromiumFlags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

/**
 * One line of the table; a ratio above 1 says that we are better.
 * @typedef {{ what: string, unit: string, ours: number, peer: string | null, theirs: number | null, ratio: number | null }} Result
 */

await runMain(async () => {
  const { values } = parseArgs({ options: { help: { type: 'boolean' }, output: { type: 'string', default: join(root, 'bench', 'results.json') } } });
  if (values.help) return console.log(help);
  await ensureSetup();
  await ensureLockedPackages(join(root, 'bench'));
  await build();
  await buildWasmCrate(join(root, 'bench', 'wasm'), 'lampyris_bench', join(root, 'bench', 'page', 'generated'), 'wasm');
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({ executablePath: findChromium() ?? undefined, args: chromiumFlags });
  try {
    const results = await measure(browser);
    writeFileSync(values.output, `${JSON.stringify(results, null, 2)}\n`);
    print(results);
    progress(`Written to ${values.output}`);
  } finally {
    await browser.close();
  }
});

/**
 * @param {import('playwright-core').Browser} browser
 * @returns {Promise<Result[]>}
 */
async function measure(browser) {
  const chain = mainnetChain();
  progress('Measuring Helios …');
  const theirs = await repeat(runs.peers, () => helios.coldStart(browser, chain.checkpoint));
  progress('Measuring Colibri …');
  const theirAccounts = await colibri.accountProofs(browser, runs.accountBatches, runs.accountBatchSize);
  progress('Measuring cold starts of a replay of mainnet …');
  const mainnet = await onReplay(browser, 'fulu');
  progress('Measuring cold starts on the devnet …');
  const { firstVisits, updates, accounts } = await onDevnet(browser, chain);
  return [
    result('update verification, mainnet, one period', 'ms', median(updates), helios.name, median(theirs.map(({ perUpdate }) => perUpdate))),
    result('account proof verification, mainnet', 'ms', median(accounts), colibri.name, median(theirAccounts)),
    result('cold start to verified head, client, mainnet', 'ms', median(mainnet.clientStarts), helios.name, median(theirs.map(({ untilSynced }) => untilSynced))),
    result('cold start to verified head, page, mainnet', 'ms', median(mainnet.firstVisits)),
    result('cold start to verified head, page, devnet', 'ms', median(firstVisits)),
    result('verifying wasm, gzip', 'kB', gzipped(readFileSync(join(generatedFolder, 'lampyris_core_bg.wasm'))), helios.name, gzipped(helios.wasm())),
  ];
}

/**
 * @param {import('playwright-core').Browser} browser
 * @param {ReturnType<typeof mainnetChain>} chain
 */
async function onDevnet(browser, chain) {
  const stack = await startStack();
  try {
    const page = await browser.newPage();
    await page.goto(`${stack.url}bench/`);
    const module = '/bench/measure.js';
    const updates = await page.evaluate(async ([path, data, count]) => (await import(path)).updates(data, count),
      /** @type {const} */ ([module, chain, runs.updates]));
    const accounts = await page.evaluate(async ([path, data, batches, size]) => (await import(path)).accountProofs(data, batches, size),
      /** @type {const} */ ([module, mainnetAccount(), runs.accountBatches, runs.accountBatchSize]));
    await page.close();
    return { updates, accounts, firstVisits: await repeat(runs.coldStarts, () => firstVisit(browser, stack.url)) };
  } finally {
    await stack.stop();
  }
}

/**
 * @param {import('playwright-core').Browser} browser
 * @param {string} replay
 */
async function onReplay(browser, replay) {
  const stack = await startStack({ replay, gateways: 1 });
  try {
    return {
      clientStarts: await repeat(runs.coldStarts, () => clientStart(browser, stack.url)),
      firstVisits: await repeat(runs.coldStarts, () => firstVisit(browser, stack.url)),
    };
  } finally {
    await stack.stop();
  }
}

/**
 * The npm package alone, in a page without a user interface and without anything stored.
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @returns {Promise<number>}
 */
async function clientStart(browser, url) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${url}bench/`);
    return await page.evaluate(async (path) => (await import(path)).clientStart(), '/bench/measure.js');
  } finally {
    await context.close();
  }
}

/**
 * A first visit: from the click on the link to a verified head on the page.
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 */
async function firstVisit(browser, url) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const startedAt = performance.now();
    await page.goto(url, { waitUntil: 'commit' });
    await page.waitForSelector('[data-testid="status-phase"][data-phase="synced"]', { state: 'attached', timeout: 60_000 });
    return performance.now() - startedAt;
  } finally {
    await context.close();
  }
}

/**
 * @template T
 * @param {number} times
 * @param {() => Promise<T>} work
 * @returns {Promise<T[]>}
 */
async function repeat(times, work) {
  const results = [];
  for (let index = 0; index < times; index += 1) results.push(await work());
  return results;
}

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Kilobytes of 1000 bytes. @param {Buffer} bytes */
function gzipped(bytes) {
  return gzipSync(bytes, { level: 9 }).length / 1000;
}

/**
 * @param {string} what
 * @param {string} unit
 * @param {number} ours
 * @param {string | null} [peer]
 * @param {number | null} [theirs]
 * @returns {Result}
 */
function result(what, unit, ours, peer = null, theirs = null) {
  return { what, unit, ours: rounded(ours), peer, theirs: theirs === null ? null : rounded(theirs), ratio: theirs === null ? null : rounded(theirs / ours) };
}

/** Three significant digits. @param {number} value */
function rounded(value) {
  return Number(value.toPrecision(3));
}

/** @param {Result[]} results */
function print(results) {
  heading(`In Chromium on ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`);
  table(['what', 'ours', 'theirs', 'ratio', 'peer'], results.map(({ what, unit, ours, peer, theirs, ratio }) =>
    [what, `${ours} ${unit}`, theirs === null ? '–' : `${theirs} ${unit}`, ratio === null ? '–' : `${ratio}`, peer ?? '–']));
}
