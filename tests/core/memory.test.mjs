import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { isBuiltForShipping } from '../../scripts/build.mjs';
import { generatedFolder, root } from '../../scripts/library/paths.mjs';
import { encodeBootstrap, encodeFinalityUpdate, encodeOptimisticUpdate, encodeUpdate, responseChunk } from './beacon-objects.mjs';

/** What the core's wasm may take after it has caught up. */
const MEMORY_BYTES_MAX = 8 * 1024 * 1024;
const CAPELLA_DIGEST = '0xbba4da96';
const FIRST_PERIOD = 862n;
const HEAD_SLOT = 7_109_431;
const skip = isBuiltForShipping() ? false : 'the wasm were built with --fast';

/** @param {string} name */
const recorded = (name) => JSON.parse(readFileSync(join(root, 'tests', 'vectors', 'helios-mainnet-capella', name), 'utf8'));
/** @param {Buffer} ssz */
const chunk = (ssz) => responseChunk(CAPELLA_DIGEST, ssz);

/** A peer that holds six periods of mainnet. */
const answers = {
  light_client_bootstrap: () => chunk(encodeBootstrap(recorded('bootstrap.json').data)),
  /** @param {Buffer} request */
  light_client_updates_by_range: (request) => {
    // A length, snappy's identifier, a chunk's header and checksum, and in it start and count as literals.
    const start = Number(request.readBigUInt64LE(request.length - 16) - FIRST_PERIOD);
    const count = Number(request.readBigUInt64LE(request.length - 8));
    return Buffer.concat(recorded('updates.json').slice(start, start + count).map((/** @type {any} */ { data }) => chunk(encodeUpdate(data))));
  },
  light_client_finality_update: () => chunk(encodeFinalityUpdate(recorded('finality.json').data)),
  light_client_optimistic_update: () => chunk(encodeOptimisticUpdate(recorded('optimistic.json').data)),
};

test('the core follows six periods of mainnet within 8 MiB', { skip, timeout: 120_000 }, async (context) => {
  const { Core, exports } = await loadCore();
  /** @type {(head: any) => void} */
  let found = () => {};
  const head = new Promise((resolve) => { found = resolve; });
  let isOver = false;
  const core = new Core({
    network: 'mainnet', gateways: [], checkpoint: recorded('chain.json').bootstrap.trusted_block_root,
    fixedClockUnixMs: (1_606_824_023 + (HEAD_SLOT + 1) * 12 + 8) * 1000,
  }, {
    /** @param {string} _peer @param {keyof typeof answers} protocol @param {Uint8Array} body */
    request: async (_peer, protocol, body) => new Uint8Array(answers[protocol](Buffer.from(body))),
    load: async () => undefined, store: async () => {}, keys: async () => [],
    dial() {}, disconnect: (/** @type {string} */ _peer, /** @type {string} */ reason) => assert.fail(reason),
    subscribe() {}, unsubscribe() {}, report() {}, keep() {},
    emit: (/** @type {any} */ { type, detail }) => { if (type === 'head' && detail.slot === HEAD_SLOT) found(detail); },
    // Once the test is over nothing may wake the core again, so that the process can end.
    sleep: (/** @type {number} */ ms) => new Promise((resolve) => { setTimeout(() => isOver || resolve(undefined), ms).unref(); }),
  });
  await core.start();
  core.onNetEvent({ type: 'connected', peer: '12D3KooWTest', address: '/ip4/127.0.0.1/udp/9/webrtc-direct/p2p/12D3KooWTest', kind: 'gateway' });
  const keepAlive = setInterval(() => {}, 1000);
  context.after(() => clearInterval(keepAlive));
  await head;
  const bytes = exports.memory.buffer.byteLength;
  context.diagnostic(`memory after six periods: ${bytes / 1024} KiB`);
  assert.ok(bytes <= MEMORY_BYTES_MAX, `${bytes} bytes`);
  const { address } = await core.createAccount('a passphrase of some length');
  await core.lock(address);
  await core.unlock(address, 'a passphrase of some length');
  context.diagnostic(`memory after a key was opened (Argon2): ${exports.memory.buffer.byteLength / 1024} KiB`);
  isOver = true;
});

async function loadCore() {
  const { default: load, Core } = await import(pathToFileURL(join(generatedFolder, 'lampyris_core.js')).href);
  const exports = await load({ module_or_path: readFileSync(join(generatedFolder, 'lampyris_core_bg.wasm')) });
  return { Core, exports };
}
