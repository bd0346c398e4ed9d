/**
 * Runs a test program that was built for `wasm32-wasip1`: cargo's runner for that target. It may read the repository.
 *
 *     node scripts/library/wasi-runner.mjs PROGRAM.wasm ARGUMENT…
 */

import { readFile } from 'node:fs/promises';
import { WASI } from 'node:wasi';
import { root } from './paths.mjs';

const [program = '', ...programArguments] = process.argv.slice(2);
const wasi = new WASI({
  version: 'preview1',
  args: [program, ...programArguments],
  env: Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ''])),
  preopens: { [root]: root },
  returnOnExit: true,
});
const module = await WebAssembly.compile(new Uint8Array(await readFile(program)));
const instance = await WebAssembly.instantiate(module, /** @type {WebAssembly.Imports} */ (wasi.getImportObject()));
process.exitCode = wasi.start(instance);
