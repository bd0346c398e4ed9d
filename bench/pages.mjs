/** What a visitor waits for: cold starts of the client and of the page, and the memory of the core that is shipped. */

import { startStack } from '../scripts/stack.mjs';
import { startChromium } from './places.mjs';
import * as helios from './peers/helios.mjs';
import { median, row } from './rows.mjs';

const coldStarts = 7;
/** The measuring page's own address, below the stack's. */
const modulePath = '/bench/measure.js';

/**
 * @param {string} checkpoint of the chain that Helios syncs
 * @returns {Promise<import('./rows.mjs').Row[]>}
 */
export async function measurePages(checkpoint) {
  const browser = await startChromium();
  try {
    const mainnet = await onReplay(browser, 'fulu', checkpoint);
    const devnet = await onStack(await startStack(), (url) => repeat(() => visits(browser, url)));
    return [
      row({ what: 'cold_start_client_mainnet', where: 'chromium', ours: median(mainnet.clients), peer: 'helios', theirs: median(mainnet.helios) }),
      ...startRows('mainnet', mainnet.visits),
      ...startRows('devnet', devnet),
      row({ what: 'peak_wasm_bytes', where: 'chromium', unit: 'bytes', ours: Math.max(...mainnet.memories) }),
    ];
  } finally {
    await browser.close();
  }
}

/**
 * @param {import('playwright-core').Browser} browser
 * @param {string} replay
 * @param {string} checkpoint
 */
async function onReplay(browser, replay, checkpoint) {
  return await onStack(await startStack({ replay, gateways: 1 }), async (url) => {
    /** @type {{ took: number, memory: number, helios: number }[]} */
    const starts = await repeat(async () => ({ ...await clientStart(browser, url), helios: await helios.coldStart(browser, checkpoint) }));
    return {
      clients: starts.map(({ took }) => took),
      memories: starts.map(({ memory }) => memory),
      helios: starts.map(({ helios }) => helios),
      visits: await repeat(() => visits(browser, url)),
    };
  });
}

/**
 * @template T
 * @param {{ url: string, stop: () => Promise<void> }} stack
 * @param {(url: string) => Promise<T>} work
 */
async function onStack(stack, work) {
  try {
    return await work(stack.url);
  } finally {
    await stack.stop();
  }
}

/**
 * The npm package alone, in a page without a user interface and without anything stored; then the memory of the core in its worker.
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 */
async function clientStart(browser, url) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${url}bench/`);
    /** @type {number} */
    const took = await page.evaluate(async (path) => (await import(path)).clientStart(), modulePath);
    const memories = await Promise.all(page.workers().map((worker) => worker.evaluate(bytesOfCore)));
    return { took, memory: Math.max(...memories) };
  } finally {
    await context.close();
  }
}

/** Runs in the worker, where the module is loaded already and gives what it has. */
async function bytesOfCore() {
  const module = new URL('/pkg/generated/lampyris_core.js', self.location.href).href;
  return (await (await import(module)).default()).memory.buffer.byteLength;
}

/**
 * A first visit and a reload, each from the click on the link to a verified head on the page: after the reload it is the stored one,
 * checked again; then to the newest.
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 */
async function visits(browser, url) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const shown = await watched(page);
    const first = await shown(() => page.goto(url, { waitUntil: 'commit' }));
    // The core stores each finalized head soon after it is verified.
    await page.waitForTimeout(2_000);
    const again = await shown(() => page.reload({ waitUntil: 'commit' }));
    return { first: first.synced, reload: again.verified, reloadSynced: again.synced };
  } finally {
    await context.close();
  }
}

/** What a page shows when it has got so far. */
const selectors = { verified: '.head-card[data-proven="true"]', synced: '[data-testid="status-phase"][data-phase="synced"]' };

const patienceMs = 60_000;

/** @typedef {keyof typeof selectors} Shown */

/**
 * Watches a page from within, where nothing has to be asked again and again: Playwright's own waiting looks every half second in the end.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<(navigate: () => Promise<unknown>) => Promise<Record<Shown, number>>>} milliseconds from a navigation until each is shown
 */
async function watched(page) {
  /** @type {(what: Shown) => void} */
  let tell = () => {};
  await page.exposeFunction('shown', (/** @type {Shown} */ what) => tell(what));
  await page.addInitScript(watch, selectors);
  return (navigate) => new Promise((resolve, reject) => {
    /** @type {Partial<Record<Shown, number>>} */
    const times = {};
    const timer = setTimeout(() => reject(new Error(`the page showed no more than ${JSON.stringify(times)} within ${patienceMs} ms`)), patienceMs);
    const startedAt = performance.now();
    tell = (what) => {
      times[what] = performance.now() - startedAt;
      if (times.verified === undefined || times.synced === undefined) return;
      clearTimeout(timer);
      resolve({ verified: times.verified, synced: times.synced });
    };
    navigate().catch(reject);
  });
}

/**
 * Runs in the page before its own scripts: tells of each selector once, as soon as something matches.
 * @param {Record<string, string>} selectors
 */
function watch(selectors) {
  const waiting = new Map(Object.entries(selectors));
  const observer = new MutationObserver(() => {
    for (const [what, selector] of waiting) {
      if (document.querySelector(selector) === null) continue;
      waiting.delete(what);
      void /** @type {any} */ (globalThis).shown(what);
    }
    if (waiting.size === 0) observer.disconnect();
  });
  observer.observe(document, { subtree: true, childList: true, attributes: true });
}

/**
 * @param {string} network
 * @param {{ first: number, reload: number, reloadSynced: number }[]} starts
 */
function startRows(network, starts) {
  return [
    row({ what: `cold_start_page_${network}`, where: 'chromium', ours: median(starts.map(({ first }) => first)) }),
    row({ what: `reload_page_${network}`, where: 'chromium', ours: median(starts.map(({ reload }) => reload)) }),
    row({ what: `reload_page_${network}_synced`, where: 'chromium', ours: median(starts.map(({ reloadSynced }) => reloadSynced)) }),
  ];
}

/**
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T[]>}
 */
async function repeat(work) {
  const results = [];
  for (let index = 0; index < coldStarts; index += 1) results.push(await work());
  return results;
}
