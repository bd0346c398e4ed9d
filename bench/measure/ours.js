// The verifying core, called directly: the functions that the worker calls, without the worker.
import { bytesOf } from './bytes.js';

/**
 * What a light client starts from, and what follows.
 * @typedef {object} Recorded
 * @property {string} checkpoint
 * @property {string} fork
 * @property {number} period of the bootstrap
 * @property {{ bootstrap: string, updates: string[], finality: string | null }} ssz
 * @property {{ bootstrap: string, updates: string, finality: string | null }} responses to Ethereum's requests between peers
 *
 * @typedef {object} Synced
 * @property {number} updates milliseconds for all updates of the chain together
 * @property {number} finality milliseconds for the finality update behind them
 *
 * @typedef {{ new (response: Uint8Array, checkpoint: string): OurChain }} OurChainClass
 * @typedef {object} OurChain
 * @property {(response: Uint8Array, seed: Uint8Array) => bigint} updates
 * @property {(response: Uint8Array) => bigint} finality_update
 * @property {(response: Uint8Array) => OurHead} optimistic_update
 * @property {() => OurChain} copy
 * @property {() => void} free
 *
 * @typedef {object} OurHead
 * @property {() => string} hash
 * @property {(proof: Uint8Array, address: Uint8Array) => string} account
 * @property {(proof: Uint8Array, address: Uint8Array, slot: Uint8Array) => string} storage
 * @property {(proof: Uint8Array, sender: boolean) => string} transaction
 * @property {(proof: Uint8Array, sender: boolean) => string} receipt
 * @property {(body: Uint8Array) => number} body
 */

/**
 * @param {{ Chain: OurChainClass }} core
 * @param {Recorded} recorded
 */
export function start({ Chain }, { checkpoint, responses }) {
  return new Chain(bytesOf(responses.bootstrap), checkpoint);
}

/**
 * Prepares to follow a chain from its checkpoint; each call does it once.
 * @param {{ Chain: OurChainClass }} core
 * @param {Recorded} recorded
 * @returns {() => Synced}
 */
export function follower({ Chain }, { checkpoint, responses }) {
  const bootstrap = bytesOf(responses.bootstrap);
  const updates = bytesOf(responses.updates);
  const finality = responses.finality === null ? null : bytesOf(responses.finality);
  return () => {
    const chain = new Chain(bootstrap, checkpoint);
    const startedAt = performance.now();
    chain.updates(updates, crypto.getRandomValues(new Uint8Array(32)));
    const updatedAt = performance.now();
    if (finality !== null) chain.finality_update(finality);
    const finalizedAt = performance.now();
    chain.free();
    return { updates: updatedAt - startedAt, finality: finalizedAt - updatedAt };
  };
}
