// Runs one measurement in Node: `node node.mjs`, told by its parent what to measure.
import { readFileSync } from 'node:fs';
import { consensus, firstCatchUp } from './consensus.js';
import { proofs } from './proofs.js';

const measurements = { consensus, firstCatchUp, proofs };

process.once('message', async (/** @type {{ measurement: keyof typeof measurements, given: any }} */ { measurement, given }) => {
  const core = await import(given.modules.ours);
  core.initSync({ module: readFileSync(new URL('lampyris_bench_bg.wasm', given.modules.ours)) });
  const result = await measurements[measurement](given);
  process.send?.(result, () => process.exit(0));
});
