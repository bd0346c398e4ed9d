/** Colibri (corpus-core/colibri-stateless) in the same browser: verifies the proof of a balance that its own prover has made. */

import { readFileSync } from 'node:fs';

const folder = new URL('../node_modules/@corpus-core/colibri-stateless/', import.meta.url);
const recorded = new URL('../../tests/vectors/colibri-mainnet/lc/', import.meta.url);

/** Name and version, for the table. */
export const name = `Colibri ${JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')).version}`;

/** The wasm that a page must download. */
export const wasm = () => readFileSync(new URL('c4w.wasm', folder));

const balance = {
  method: 'eth_getBalance',
  params: ['0x95222290DD7278Aa3Ddd389Cc1E1d165CC4BAfe5', 'latest'],
  expected: '0x111310f9e55ed8646',
  checkpoint: '0xd9717ecc253684291f828688f311ba74d05af74c31654f6e14077669fca62f6a',
};

/**
 * Milliseconds for each verification once the sync committee is known, in batches.
 * @param {import('playwright-core').Browser} browser
 * @param {number} batches
 * @param {number} batchSize
 * @returns {Promise<number[]>}
 */
export async function accountProofs(browser, batches, batchSize) {
  const page = await browser.newPage();
  try {
    await page.route('**/*', (route) => {
      const { pathname } = new URL(route.request().url());
      const recording = recordedAnswer(pathname);
      if (recording !== null) return route.fulfill({ contentType: 'application/octet-stream', body: recording });
      if (/^\/[\w.]+\.(js|wasm)$/.test(pathname)) {
        const contentType = pathname.endsWith('.js') ? 'text/javascript' : 'application/wasm';
        return route.fulfill({ contentType, body: readFileSync(new URL(`.${pathname}`, folder)) });
      }
      return route.fulfill({ contentType: 'text/html', body: '<!doctype html>' });
    });
    await page.goto('https://peer.invalid/');
    const proof = readFileSync(new URL('../data/colibri-balance.proof', import.meta.url)).toString('base64');
    return await page.evaluate(verifications, { ...balance, proof, batches, batchSize });
  } finally {
    await page.close();
  }
}

/** The light-client data that Colibri asks for: a bootstrap and two updates. @param {string} path */
function recordedAnswer(path) {
  if (path.includes('light_client/bootstrap')) return readFileSync(new URL('bootstrap_period1421.ssz', recorded));
  if (path.includes('light_client/updates')) return readFileSync(new URL('update_1421.ssz', recorded));
  return null;
}

/**
 * Runs in the page. The first verification loads the committees; it is not counted. Storage is in memory: the default one would decode
 * them from `localStorage` at each verification.
 * @param {typeof balance & { proof: string, batches: number, batchSize: number }} given
 */
async function verifications({ method, params, expected, checkpoint, proof: base64, batches, batchSize }) {
  const proof = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const module = 'https://peer.invalid/index.js';
  const { default: Colibri } = await import(module);
  /** @type {Map<string, Uint8Array>} */
  const stored = new Map();
  await Colibri.register_storage({
    get: (/** @type {string} */ key) => stored.get(key) ?? null,
    set: (/** @type {string} */ key, /** @type {Uint8Array} */ value) => void stored.set(key, value),
    del: (/** @type {string} */ key) => void stored.delete(key),
  });
  const client = new Colibri({ beacon_apis: ['https://peer.invalid/'], trusted_checkpoint: checkpoint });
  const value = await client.verifyProof(method, params, proof);
  if (value !== expected) throw new Error(`Colibri gives ${value}`);
  const times = [];
  for (let batch = 0; batch < batches; batch += 1) {
    const startedAt = performance.now();
    for (let index = 0; index < batchSize; index += 1) await client.verifyProof(method, params, proof);
    times.push((performance.now() - startedAt) / batchSize);
  }
  return times;
}
