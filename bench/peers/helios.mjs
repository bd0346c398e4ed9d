/** Helios (a16z/helios): where its code is, and its cold start. */

import { readFileSync } from 'node:fs';
import { vector } from '../data.mjs';
import { moduleIn } from '../places.mjs';

const folder = new URL('../node_modules/@a16z/helios/', import.meta.url);

/** The wasm that a page must download; it lies within the module, as base64. */
export const wasm = () => readFileSync(new URL('pkg/index_bg.wasm', folder));

/** @param {import('../places.mjs').Place} place */
export const moduleOf = (place) => moduleIn(place, 'node_modules/@a16z/helios/dist/lib.mjs');

/**
 * Milliseconds of one cold start, from the import of its module until it is synced, with recorded answers that take no time.
 * @param {import('playwright-core').Browser} browser
 * @param {string} checkpoint
 * @returns {Promise<number>}
 */
export async function coldStart(browser, checkpoint) {
  const page = await browser.newPage();
  try {
    await page.route('**/*', (route) => (new URL(route.request().url()).pathname === '/helios.mjs'
      ? route.fulfill({ contentType: 'text/javascript', body: readFileSync(new URL('dist/lib.mjs', folder), 'utf8') })
      : route.fulfill({ contentType: 'text/html', body: '<!doctype html>' })));
    await page.goto('https://peer.invalid/');
    return await page.evaluate(untilSynced, { checkpoint, answers: recordedAnswers() });
  } finally {
    await page.close();
  }
}

function recordedAnswers() {
  /** @param {string} file */
  const read = (file) => vector(`helios-mainnet-capella/${file}.json`).toString();
  return {
    bootstrap: read('bootstrap'),
    updates: read('updates'),
    finality_update: read('finality'),
    optimistic_update: read('optimistic'),
    blocks: Object.fromEntries(['7109344', '7109430', '7109431'].map((slot) => [slot, read(`blocks/${slot}`)])),
  };
}

/**
 * Runs in the page.
 * @param {{ checkpoint: string, answers: ReturnType<typeof recordedAnswers> }} given
 */
async function untilSynced({ checkpoint, answers }) {
  let updatesAnswered = false;
  const original = window.fetch;
  window.fetch = async (input, options) => {
    const url = input instanceof Request ? input.url : String(input);
    if (url.startsWith('data:')) return original(input, options);
    const slot = url.split('/').at(-1) ?? '';
    let body = '{}';
    if (url.includes('light_client/updates')) {
      body = updatesAnswered ? '[]' : answers.updates;
      updatesAnswered = true;
    } else if (url.includes('light_client/finality_update')) body = answers.finality_update;
    else if (url.includes('light_client/optimistic_update')) body = answers.optimistic_update;
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
  return performance.now() - startedAt;
}
