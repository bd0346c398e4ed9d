/** Recorded mainnet data, as the measurements take it. */

import { readFileSync } from 'node:fs';

/** @param {string} path below `tests/vectors` */
export const vector = (path) => readFileSync(new URL(`../tests/vectors/${path}`, import.meta.url), 'utf8');

/**
 * Six sync-committee periods of mainnet (Capella), as JSON of the Beacon API.
 */
export function mainnetChain() {
  const folder = 'helios-mainnet-capella';
  const { bootstrap } = JSON.parse(vector(`${folder}/chain.json`));
  /** @type {{ data: unknown }[]} */
  const updates = JSON.parse(vector(`${folder}/updates.json`));
  return {
    fork: 'capella',
    checkpoint: /** @type {string} */ (bootstrap.trusted_block_root),
    bootstrap: JSON.stringify(JSON.parse(vector(`${folder}/bootstrap.json`)).data),
    updates: updates.map(({ data }) => JSON.stringify(data)),
  };
}

/** A real account of mainnet with its proof, at execution block 22432278 (Electra). */
export function mainnetAccount() {
  const folder = 'colibri-mainnet';
  /** @type {{ file: string, address: string, state_root: string }[]} */
  const proofs = JSON.parse(vector(`${folder}/expected_proofs.json`));
  const expected = proofs.find(({ file }) => file.startsWith('cases/eth_getBalance_electra/'));
  if (expected === undefined) throw new Error(`${folder} lacks the account`);
  const { result } = JSON.parse(vector(`${folder}/${expected.file}`));
  return {
    stateRoot: expected.state_root,
    address: expected.address,
    balance: /** @type {string} */ (result.balance),
    nodes: /** @type {string[]} */ (result.accountProof),
  };
}
