/** How much a page downloads to verify: `core_wasm_brotli_bytes`, `core_wasm_gzip_bytes`. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { generatedFolder } from '../scripts/library/paths.mjs';
import * as colibri from './peers/colibri.mjs';
import * as helios from './peers/helios.mjs';
import { row } from './rows.mjs';

/** Lodestar's signatures are checked in JavaScript around a wasm: there is nothing of the same kind to compare. */
const peers = { helios, colibri };

/** @returns {import('./rows.mjs').Row[]} */
export function measureSizes() {
  const ours = readFileSync(join(generatedFolder, 'lampyris_core_bg.wasm'));
  return Object.entries({ core_wasm_brotli_bytes: brotli, core_wasm_gzip_bytes: gzip }).flatMap(([what, compressed]) =>
    Object.entries(peers).map(([peer, { wasm }]) =>
      row({ what, where: 'chromium', unit: 'bytes', ours: compressed(ours), peer, theirs: compressed(wasm()) })));
}

/** @param {Buffer} bytes */
const gzip = (bytes) => gzipSync(bytes, { level: 9 }).length;

/** @param {Buffer} bytes */
function brotli(bytes) {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = constants;
  return brotliCompressSync(bytes, { params: { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_LGWIN]: 24, [BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length;
}
