/**
 * Measures us beside others, with the same recorded mainnet data, in Node and in Chromium.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, buildWasmCrate } from '../scripts/build.mjs';
import { generatedFolder, root } from '../scripts/library/paths.mjs';
import { PlainError, progress, runMain } from '../scripts/library/report.mjs';
import { ensureLockedPackages, ensureSetup } from '../scripts/setup.mjs';
import { measureConsensus } from './consensus.mjs';
import { measurePages } from './pages.mjs';
import * as lodestar from './peers/lodestar.mjs';
import * as native from './peers/native.mjs';
import { places } from './places.mjs';
import { measureProofs } from './proofs.mjs';
import { print } from './rows.mjs';
import { measureSizes } from './size.mjs';
import * as transport from './transport.mjs';

const parts = /** @type {const} */ (['consensus', 'proofs', 'size', 'pages', 'transport']);
const defaultOutput = join(root, 'bench', 'results.json');

const help = `Usage: npm run bench [-- options]

Measures us beside Helios, Colibri, Lodestar and js-libp2p, and beside native code as the limit. Prints a table and writes it as JSON:
[{ what, where, unit, ours, peer, theirs, ratio, ratioOfFastest, required, met }], medians of runs in turns. A ratio above 1 says that we are better.

  --only PART     one of ${parts.join(', ')}; may be given several times
  --where PLACE   one of ${places.join(', ')}; may be given several times
  --output FILE   what to write, bench/results.json when everything is measured
  --help          this text`;

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      where: { type: 'string', multiple: true },
      output: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(help);
  const wanted = chosen('--only', parts, values.only);
  const wherever = chosen('--where', places, values.where);
  const output = values.output ?? (wanted.length === parts.length && wherever.length === places.length ? defaultOutput : undefined);
  await prepare(wanted, wherever);
  const rows = await measure(wanted, wherever);
  print(rows);
  if (output === undefined) return;
  writeFileSync(output, `${JSON.stringify(rows, null, 2)}\n`);
  progress(`Written to ${output}`);
});

/**
 * @template {string} T
 * @param {string} option
 * @param {readonly T[]} known
 * @param {string[]} [asked]
 * @returns {T[]} those asked for, or all
 */
function chosen(option, known, asked = []) {
  const unknown = asked.find((name) => !known.some((other) => other === name));
  if (unknown !== undefined) throw new PlainError(`${option} knows ${known.join(', ')}, not "${unknown}".`);
  return known.filter((name) => asked.length === 0 || asked.includes(name));
}

/**
 * Builds what the parts need, and nothing else.
 * @param {(typeof parts[number])[]} wanted
 * @param {(typeof places[number])[]} wherever
 */
async function prepare(wanted, wherever) {
  await ensureSetup();
  await ensureLockedPackages(join(root, 'bench'));
  await native.build();
  if (wanted.includes('pages')) await build();
  if (wanted.includes('transport')) {
    await build({ native: false });
    await transport.build();
  }
  if (wanted.includes('size')) await buildWasmCrate(join(root, 'crate', 'wasm', 'core'), 'lampyris_core', generatedFolder, 'wasm');
  if (!wanted.includes('consensus') && !wanted.includes('proofs')) return;
  await buildWasmCrate(join(root, 'bench', 'wasm'), 'lampyris_bench', join(root, 'bench', 'page', 'generated'), 'wasm');
  for (const place of wherever) await lodestar.build(place);
}

/**
 * @param {(typeof parts[number])[]} wanted
 * @param {(typeof places[number])[]} wherever
 */
async function measure(wanted, wherever) {
  const data = native.data();
  /** @type {import('./rows.mjs').Row[]} */
  const rows = [];
  for (const place of wherever) {
    if (wanted.includes('consensus')) {
      progress(`Measuring how the chain is followed in ${place} …`);
      rows.push(...await measureConsensus(place, data));
    }
    if (wanted.includes('proofs')) {
      progress(`Measuring proofs in ${place} …`);
      rows.push(...await measureProofs(place, data));
    }
  }
  if (wanted.includes('size')) rows.push(...measureSizes());
  if (wanted.includes('pages') && wherever.includes('chromium')) {
    progress('Measuring cold starts …');
    rows.push(...await measurePages(data.capella.checkpoint));
  }
  if (wanted.includes('transport') && wherever.includes('chromium')) {
    progress('Measuring the transport …');
    rows.push(...await transport.measureTransport());
  }
  return rows;
}
