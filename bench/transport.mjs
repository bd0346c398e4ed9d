/** How a page and a native peer exchange bytes over WebRTC on this machine: ours beside js-libp2p, both with the same native peer of ours. */

import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { nativeProgram } from '../scripts/build.mjs';
import { runFolder } from '../scripts/library/paths.mjs';
import { startLongRunning, waitFor } from '../scripts/library/processes.mjs';
import { run } from '../scripts/library/run.mjs';
import { servePage } from '../scripts/serve.mjs';
import * as libp2p from './peers/libp2p.mjs';
import { startChromium } from './places.mjs';
import { rowsOf } from './rows.mjs';

/** Fresh pages of each, in turns. */
const pages = 7;
const largeAnswersOfPage = 3;
/** As large as an answer of the state protocol may be, rounded down. */
const largeBytes = 4_000_000;

/** The native peer, an example of the swarm's crate, built as gateways are: it answers with as many bytes as it is asked for. */
export async function build() {
  await run('cargo', ['build', '--locked', '-p', 'lampyris-net', '--example', 'listener'], { quiet: true });
  await libp2p.build();
}

/** @returns {Promise<import('./rows.mjs').Row[]>} */
export async function measureTransport() {
  const folder = join(runFolder, `transport-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const log = join(folder, 'log.txt');
  const listener = startLongRunning(nativeProgram(join('examples', 'listener')), [folder, '127.0.0.1:0'], log);
  const server = await servePage({ config: () => ({}) });
  const browser = await startChromium();
  try {
    const address = await waitFor('the native peer did not say where it listens', 10_000, () => readFileSync(log, 'utf8').match(/listening on (\S+)/)?.[1]);
    return rowsOf('chromium', await inTurns(browser, server.url, address));
  } finally {
    await browser.close();
    await server.stop();
    await listener.stop();
    rmSync(folder, { recursive: true });
  }
}

/** @typedef {{ ours: number[], theirs: number[] }} Samples */

/**
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {string} address
 */
async function inTurns(browser, url, address) {
  /** @type {Samples} */
  const first = { ours: [], theirs: [] };
  /** @type {Samples} */
  const large = { ours: [], theirs: [] };
  for (let turn = 0; turn < pages; turn += 1) {
    for (const [whose, module] of /** @type {const} */ ([['ours', '/pkg/generated/lampyris_net.js'], ['theirs', libp2p.path]])) {
      const times = await inFreshPage(browser, url, { whose, module, address, bytes: largeBytes, times: largeAnswersOfPage });
      first[whose].push(times.first);
      large[whose].push(...times.large);
    }
  }
  return { first_answer: { 'js-libp2p': first }, response_4_mb: { 'js-libp2p': large } };
}

/**
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {object} given
 * @returns {Promise<{ first: number, large: number[] }>}
 */
async function inFreshPage(browser, url, given) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${url}bench/`);
    return await page.evaluate(async ([module, given]) => (await import(module)).measure(given), /** @type {const} */ (['/bench/transport.js', given]));
  } finally {
    await context.close();
  }
}
