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
    const devnet = await onStack(await startStack(), (url) => repeat(() => firstVisit(browser, url)));
    return [
      row({ what: 'cold_start_client_mainnet', where: 'chromium', ours: median(mainnet.clients), peer: 'helios', theirs: median(mainnet.helios) }),
      row({ what: 'cold_start_page_mainnet', where: 'chromium', ours: median(mainnet.visits) }),
      row({ what: 'cold_start_page_devnet', where: 'chromium', ours: median(devnet) }),
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
      visits: await repeat(() => firstVisit(browser, url)),
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
 * @param {() => Promise<T>} work
 * @returns {Promise<T[]>}
 */
async function repeat(work) {
  const results = [];
  for (let index = 0; index < coldStarts; index += 1) results.push(await work());
  return results;
}
