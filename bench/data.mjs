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

/** A real account of mainnet with its proof, at execution block 20360596. */
export function mainnetAccount() {
  const folder = 'argument-zk-mainnet-deneb';
  const { result } = JSON.parse(vector(`${folder}/inclusion/base-data/EthGetProof.json`));
  const [expected] = JSON.parse(vector(`${folder}/expected_proofs.json`));
  return {
    stateRoot: /** @type {string} */ (expected.state_root),
    address: /** @type {string} */ (expected.address),
    nonce: /** @type {string} */ (expected.nonce),
    nodes: /** @type {string[]} */ (result.accountProof),
  };
}
