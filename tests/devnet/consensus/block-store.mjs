// The blocks that the Beacon API can still answer for. There is one branch only: this process proposes every block.
import { toHex } from "./hex.mjs";

/** Four sync-committee periods of the minimal preset: enough for any test that looks back. */
const BLOCKS_MAX = 256;

/** @typedef {{ message: any, signature: Uint8Array }} SignedBlock */

export class BlockStore {
  /** @type {Map<string, SignedBlock>} by root, oldest first */
  #blocks = new Map();
  /** @type {Map<number, string>} root by slot */
  #roots = new Map();

  /** @param {Uint8Array} root @param {SignedBlock} signedBlock */
  add(root, signedBlock) {
    this.#blocks.set(toHex(root), signedBlock);
    this.#roots.set(signedBlock.message.slot, toHex(root));
    for (const [oldRoot, { message }] of this.#blocks) {
      if (this.#blocks.size <= BLOCKS_MAX) break;
      this.#blocks.delete(oldRoot);
      this.#roots.delete(message.slot);
    }
  }

  /** @param {string} root */
  byRoot(root) {
    return this.#blocks.get(root);
  }

  /** @param {number} slot */
  rootAtSlot(slot) {
    return this.#roots.get(slot);
  }
}
