// Colibri: its npm package verifies proofs that its own prover has made, with recorded light-client data.
import { bytesOf, bytesOfBase64 } from './bytes.js';

/**
 * @typedef {{ method: string, params: unknown[], proof: string, expected: unknown }} Question the proof in base64
 * @typedef {{ checkpoint: string, bootstrap: string, updates: string }} Start what it is told when it asks for light-client data, as the
 * Beacon API has it
 *
 * @typedef {object} Client
 * @property {(method: string, params: unknown[], proof: Uint8Array) => Promise<unknown>} verifyProof
 *
 * @typedef {object} ColibriModule
 * @property {{ new (config: object): Client, register_storage: (storage: object) => Promise<void> }} default
 */

/** @type {Map<string, Uint8Array>} */
const stored = new Map();
/** @type {Start | null} */
let start = null;
/** When it was told the updates. */
let updatesFrom = 0;

/**
 * Its storage is in memory: the default one would decode committees from `localStorage` at each verification.
 * @param {ColibriModule} module
 */
export async function prepare({ default: Colibri }) {
  await Colibri.register_storage({
    get: (/** @type {string} */ key) => stored.get(key) ?? null,
    set: (/** @type {string} */ key, /** @type {Uint8Array} */ value) => void stored.set(key, value),
    del: (/** @type {string} */ key) => void stored.delete(key),
  });
  const original = globalThis.fetch;
  globalThis.fetch = async (input, options) => {
    const url = input instanceof Request ? input.url : String(input);
    if (!url.startsWith('https://colibri.invalid/')) return original(input, options);
    const body = url.includes('light_client/bootstrap') ? start?.bootstrap : url.includes('light_client/updates') ? start?.updates : undefined;
    if (body === undefined) return new Response('{}', { status: 404 });
    updatesFrom = performance.now();
    return new Response(bytesOf(body), { headers: { 'content-type': 'application/octet-stream' } });
  };
}

/**
 * A client with nothing stored, that will follow the chain from this checkpoint.
 * @param {ColibriModule} module
 * @param {Start} from
 */
export function startFrom({ default: Colibri }, from) {
  stored.clear();
  start = from;
  return new Colibri({ beacon_apis: ['https://colibri.invalid/'], trusted_checkpoint: from.checkpoint });
}

/**
 * @param {Client} client
 * @param {Question} question
 * @returns {() => Promise<unknown>} verifies the proof, once each time
 */
export function verifier(client, { method, params, proof }) {
  const bytes = bytesOfBase64(proof);
  return () => client.verifyProof(method, params, bytes);
}

/**
 * The first verification follows the chain. How long that took from the last light-client data on, with the verification.
 * @param {() => Promise<unknown>} verify
 * @param {unknown} expected
 */
export async function first(verify, expected) {
  const value = await verify();
  if (!holds(value, expected)) throw new Error(`Colibri gives ${JSON.stringify(value)}`);
  return performance.now() - updatesFrom;
}

/**
 * Whether a value has what is expected; of objects, at least that.
 * @param {unknown} value
 * @param {unknown} expected
 * @returns {boolean}
 */
function holds(value, expected) {
  if (typeof expected !== 'object' || expected === null) return value === expected;
  if (typeof value !== 'object' || value === null) return false;
  const found = new Map(Object.entries(value));
  return Object.entries(expected).every(([name, part]) => holds(found.get(name), part));
}
