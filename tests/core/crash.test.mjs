import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { generatedFolder } from '../../scripts/library/paths.mjs';

/** A core without entropy, which it must not go on without. */
const script = `
  import { readFileSync } from 'node:fs';
  import { parentPort, workerData } from 'node:worker_threads';
  const { default: load, Core } = await import(workerData + '.js');
  await load({ module_or_path: readFileSync(new URL(workerData + '_bg.wasm')) });
  const seen = (reason) => parentPort.postMessage(reason instanceof WebAssembly.RuntimeError ? 'a trap' : String(reason));
  process.on('unhandledRejection', seen);
  process.on('uncaughtException', seen);
  const core = new Core({ network: 'mainnet', gateways: [], checkpoint: '0x' + '11'.repeat(32) }, {});
  globalThis.crypto.getRandomValues = () => { throw new Error('no entropy'); };
  core.createAccount('a passphrase of some length').then(() => parentPort.postMessage('an answer'), seen);
`;

test('a panic of the core is a trap, by which its worker notices that it is lost', { timeout: 60_000 }, async () => {
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), {
    workerData: pathToFileURL(join(generatedFolder, 'lampyris_core')).href,
  });
  const outcome = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  assert.equal(outcome, 'a trap');
  await worker.terminate();
});
