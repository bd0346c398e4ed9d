/** Helios (a16z/helios) in the same browser, with recorded answers instead of a network. */

import { readFileSync } from 'node:fs';
import { vector } from '../data.mjs';

const folder = new URL('../node_modules/@a16z/helios/', import.meta.url);

/** Name and version, for the table. */
export const name = `Helios ${JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')).version}`;

/** The wasm that a page must download. */
export const wasm = () => readFileSync(new URL('pkg/index_bg.wasm', folder));

/**
 * One cold start: how long verifying all updates took, and how long it took until it was synced.
 * @param {import('playwright-core').Browser} browser
 * @param {string} checkpoint
 * @returns {Promise<{ perUpdate: number, untilSynced: number }>} milliseconds
 */
export async function coldStart(browser, checkpoint) {
  const page = await browser.newPage();
  try {
    await page.route('**/*', (route) => (new URL(route.request().url()).pathname === '/helios.mjs'
      ? route.fulfill({ contentType: 'text/javascript', body: readFileSync(new URL('dist/lib.mjs', folder), 'utf8') })
      : route.fulfill({ contentType: 'text/html', body: '<!doctype html>' })));
    await page.goto('https://peer.invalid/');
    return await page.evaluate(synced, { checkpoint, answers: recordedAnswers() });
  } finally {
    await page.close();
  }
}

function recordedAnswers() {
  /** @param {string} file */
  const read = (file) => vector(`helios-mainnet-capella/${file}.json`);
  return {
    bootstrap: read('bootstrap'),
    updates: read('updates'),
    finality_update: read('finality'),
    optimistic_update: read('optimistic'),
    blocks: Object.fromEntries(['7109344', '7109430', '7109431'].map((slot) => [slot, read(`blocks/${slot}`)])),
  };
}

/**
 * Runs in the page. Helios asks for the finality update right after it has verified the updates, so the two requests bracket that work.
 * @param {{ checkpoint: string, answers: ReturnType<typeof recordedAnswers> }} given
 */
async function synced({ checkpoint, answers }) {
  const updates = JSON.parse(answers.updates).length;
  let updatesAnsweredAt = 0;
  let updatesVerifiedAt = 0;
  const original = window.fetch;
  window.fetch = async (input, options) => {
    const url = input instanceof Request ? input.url : String(input);
    if (url.startsWith('data:')) return original(input, options);
    const slot = url.split('/').at(-1) ?? '';
    let body = '{}';
    if (url.includes('light_client/updates')) {
      body = updatesAnsweredAt === 0 ? answers.updates : '[]';
      if (updatesAnsweredAt === 0) updatesAnsweredAt = performance.now();
    } else if (url.includes('light_client/finality_update')) {
      if (updatesVerifiedAt === 0) updatesVerifiedAt = performance.now();
      body = answers.finality_update;
    } else if (url.includes('light_client/optimistic_update')) body = answers.optimistic_update;
    else if (url.includes('light_client/bootstrap')) body = answers.bootstrap;
    else if (url.includes('/blocks/')) body = answers.blocks[slot] ?? '{}';
    const response = new Response(body, { headers: { 'content-type': 'application/json' } });
    Object.defineProperty(response, 'url', { value: url });
    return response;
  };
  const startedAt = performance.now();
  const module = 'https://peer.invalid/helios.mjs';
  const { createHeliosProvider } = await import(module);
  const provider = await createHeliosProvider(
    { executionRpc: 'https://execution.invalid', consensusRpc: 'https://consensus.invalid', network: 'mainnet', checkpoint, dbType: 'config' }, 'ethereum');
  await provider.waitSynced();
  return { perUpdate: (updatesVerifiedAt - updatesAnsweredAt) / updates, untilSynced: performance.now() - startedAt };
}
