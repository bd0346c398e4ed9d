/** Following the chain, beside Helios and Lodestar: `period_update`, `finality_update`, `catch_up_46`. */

import { moduleIn, runIn } from './places.mjs';
import * as helios from './peers/helios.mjs';
import * as lodestar from './peers/lodestar.mjs';
import * as native from './peers/native.mjs';
import { median, row, rowsOf, rowsOfLimits } from './rows.mjs';

/** Where our core lies, as it is built for measurements. */
export const ours = 'page/generated/lampyris_bench.js';

/** Fresh processes or pages whose first catch-up is measured. */
const firstTimes = 3;

/**
 * @param {import('./places.mjs').Place} place
 * @param {{ capella: import('./measure/ours.js').Recorded, deneb: import('./measure/ours.js').Recorded }} chains
 * @returns {Promise<import('./rows.mjs').Row[]>}
 */
export async function measureConsensus(place, chains) {
  const modules = { ours: moduleIn(place, ours), helios: helios.moduleOf(place), lodestar: lodestar.modulesIn(place) };
  const { results, memory } = await runIn(place, 'consensus', { modules, chains });
  /** @type {{ updates: number, memory: number }[]} */
  const first = [];
  for (let time = 0; time < firstTimes; time += 1) first.push(await runIn(place, 'firstCatchUp', { modules, chain: chains.deneb }));
  return [
    ...rowsOf(place, results),
    ...rowsOfLimits(place, results, native.limits()),
    row({ what: 'catch_up_46_first_in_process', where: place, ours: median(first.map(({ updates }) => updates)) }),
    row({ what: 'peak_wasm_bytes_catch_up', where: place, unit: 'bytes', ours: memory.ours, peer: 'helios', theirs: memory.helios }),
  ];
}
