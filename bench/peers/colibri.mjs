/** Colibri (corpus-core/colibri-stateless): where its code is, the proofs that its prover made, and the light-client data behind them. */

import { readFileSync } from 'node:fs';
import { vector } from '../data.mjs';
import { moduleIn } from '../places.mjs';

const folder = new URL('../node_modules/@corpus-core/colibri-stateless/', import.meta.url);
const vectors = 'colibri-mainnet';

/** The wasm that a page must download. */
export const wasm = () => readFileSync(new URL('c4w.wasm', folder));

/** @param {import('../places.mjs').Place} place */
export const moduleOf = (place) => moduleIn(place, 'node_modules/@corpus-core/colibri-stateless/index.js');

/**
 * @param {string} checkpoint
 * @param {'bootstrap_period1347' | 'bootstrap_period1421'} bootstrap
 * @param {'updates_1347_count46' | 'update_1421'} updates
 * @returns {import('../measure/colibri.js').Start}
 */
export function start(checkpoint, bootstrap, updates) {
  /** @param {string} file */
  const read = (file) => `0x${vector(`${vectors}/lc/${file}.ssz`).toString('hex')}`;
  return { checkpoint, bootstrap: read(bootstrap), updates: read(updates) };
}

/**
 * A recorded question with the proof of its answer.
 * @param {string} name of the recorded case
 * @param {string} proof file
 * @param {(question: { method: string, params: any[], expected: any }) => { method: string, params: any[], expected: any }} [change]
 * @returns {import('../measure/colibri.js').Question}
 */
export function question(name, proof, change = (question) => question) {
  const { method, params, expected_result: expected } = JSON.parse(vector(`${vectors}/cases/${name}/test.json`).toString());
  const bytes = readFileSync(new URL(`../data/colibri-${proof}.proof`, import.meta.url));
  return { ...change({ method, params, expected }), proof: bytes.toString('base64') };
}
