// Following the chain: ours beside Helios and Lodestar, wherever this runs.
import { compare } from './compare.js';
import * as helios from './helios.js';
import * as lodestar from './lodestar.js';
import { bytesOfMemories, watchMemories } from './memory.js';
import * as ours from './ours.js';

/**
 * @typedef {{ ours: string, helios: string, lodestar: Record<string, string> }} Modules where they are; Lodestar's by configuration
 * @typedef {{ capella: ours.Recorded, deneb: ours.Recorded }} Chains
 * @typedef {Record<string, import('./compare.js').Samples<number>>} ByPeer
 * @typedef {import('./compare.js').Work<ours.Synced>} Follow
 */

/** Enough for a stable median; a catch-up of a slow peer takes seconds. */
const rounds = { periods: 9, catchUp: 3 };

/**
 * @param {{ modules: Modules, chains: Chains }} given
 * @returns {Promise<{ results: Record<string, ByPeer>, memory: Record<string, number> }>}
 */
export async function consensus({ modules, chains: { capella, deneb } }) {
  const core = await import(modules.ours);
  const ourMemory = (await core.default()).memory;
  watchMemories();
  helios.answerRequests();
  const heliosModule = await import(modules.helios);
  const lodestars = await Promise.all(Object.entries(modules.lodestar).map(async ([name, module]) => ({ name, module: await import(module) })));
  const any = lodestars[0]?.module;
  /** @param {ours.Recorded} chain @returns {{ name: string, follow: Follow }[]} */
  const peers = (chain) => [
    { name: 'helios', follow: helios.follower(heliosModule, chain, lodestar.jsonOf(any, chain)) },
    ...lodestars.map(({ name, module }) => ({ name, follow: lodestar.follower(module, chain) })),
  ];

  const results = { period_update: /** @type {ByPeer} */ ({}), finality_update: /** @type {ByPeer} */ ({}), catch_up_46: /** @type {ByPeer} */ ({}) };
  const before = bytesOfMemories();
  let heliosBytes = 0;
  for (const { name, follow } of peers(capella)) {
    const samples = await compare(ours.follower(core, capella), follow, rounds.periods);
    results.period_update[name] = each(samples, ({ updates }) => updates / capella.ssz.updates.length);
    results.finality_update[name] = each(samples, ({ finality }) => finality);
  }
  for (const { name, follow } of peers(deneb)) {
    results.catch_up_46[name] = each(await compare(ours.follower(core, deneb), follow, rounds.catchUp), ({ updates }) => updates);
    if (name === 'helios') heliosBytes = bytesOfMemories() - before;
  }
  return { results, memory: { ours: ourMemory.buffer.byteLength, helios: heliosBytes } };
}

/**
 * @param {import('./compare.js').Samples<ours.Synced>} samples
 * @param {(synced: ours.Synced) => number} part
 */
function each({ ours, theirs }, part) {
  return { ours: ours.map(part), theirs: theirs.map(part) };
}

/**
 * How long the first catch-up takes in a process or page that has done nothing else: engines have not optimized anything yet.
 * @param {{ modules: { ours: string }, chain: ours.Recorded }} given
 */
export async function firstCatchUp({ modules, chain }) {
  const core = await import(modules.ours);
  const { memory } = await core.default();
  const { updates } = ours.follower(core, chain)();
  return { updates, memory: memory.buffer.byteLength };
}
