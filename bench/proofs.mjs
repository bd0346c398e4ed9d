/** What belongs to a proven block, beside Colibri: accounts, storage, transactions, receipts, whole blocks. */

import { ours } from './consensus.mjs';
import { moduleIn, runIn } from './places.mjs';
import * as colibri from './peers/colibri.mjs';
import * as native from './peers/native.mjs';
import { row, rowsOf, rowsOfLimits } from './rows.mjs';

/**
 * @typedef {Record<'deneb' | 'electra', import('./measure/ours.js').Recorded>} Chains
 * @typedef {Record<string, import('./measure/proofs.js').OurProof>} Proofs
 */

/**
 * @param {import('./places.mjs').Place} place
 * @param {Chains & { proofs: Proofs }} data
 * @returns {Promise<import('./rows.mjs').Row[]>}
 */
export async function measureProofs(place, data) {
  const modules = { ours: moduleIn(place, ours), colibri: colibri.moduleOf(place) };
  const { results, memory } = await runIn(place, 'proofs', { modules, deneb: deneb(data), electra: electra(data) });
  return [
    ...rowsOf(place, results),
    ...rowsOfLimits(place, results, native.limits()),
    row({ what: 'peak_wasm_bytes_proofs', where: place, unit: 'bytes', ours: memory.ours, peer: 'colibri', theirs: memory.colibri }),
  ];
}

/** @param {Chains & { proofs: Proofs }} data */
function deneb({ deneb, proofs }) {
  // Without `true`, Colibri gives the hashes of the transactions and does not recover who sent each.
  const theirs = colibri.question('eth_getBlockByNumber1', 'block', ({ method, params, expected }) => ({
    method,
    params: [params[0], false],
    expected: { hash: expected.hash, transactions: expected.transactions.map((/** @type {{ hash: string }} */ { hash }) => hash) },
  }));
  return {
    recorded: deneb,
    start: colibri.start(deneb.checkpoint, 'bootstrap_period1347', 'updates_1347_count46'),
    cases: { block: { proof: proofs.block, theirs, answer: String(/** @type {any} */ (theirs.expected).transactions.length) } },
  };
}

/** @param {Chains & { proofs: Proofs }} data */
function electra({ electra, proofs }) {
  const account = colibri.question('eth_getBalance_electra', 'account');
  const storage = colibri.question('eth_getStorageAt_electra', 'storage');
  const transaction = colibri.question('eth_getTransactionByHash_electra', 'transaction');
  const receipt = colibri.question('eth_getTransactionreceipt_electra', 'receipt');
  const sent = /** @type {{ hash: string, from: string }} */ (transaction.expected);
  const received = /** @type {{ transactionHash: string, from: string, cumulativeGasUsed: string }} */ (receipt.expected);
  const { transactionHash, from, cumulativeGasUsed } = received;
  return {
    recorded: electra,
    start: colibri.start(electra.checkpoint, 'bootstrap_period1421', 'update_1421'),
    cases: {
      account_proof: { proof: proofs.account_proof, theirs: account, answer: account.expected },
      storage_proof: { proof: proofs.storage_proof, theirs: storage, answer: storage.expected },
      transaction: { proof: proofs.transaction, theirs: transaction, answer: `${sent.hash} ${sent.from}` },
      transaction_without_sender: { proof: proofs.transaction, theirs: transaction, answer: sent.hash },
      receipt: { proof: proofs.receipt, theirs: receipt, answer: `${transactionHash} ${from} ${cumulativeGasUsed}` },
      receipt_without_sender: { proof: proofs.receipt, theirs: receipt, answer: `${transactionHash} ${cumulativeGasUsed}` },
    },
  };
}
