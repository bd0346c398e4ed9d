// JSON-RPC of a recorded chain. What was not recorded is an error, never a guess.
import { readJsonBody, sendJson } from "../devnet/http.mjs";
import { toQuantity } from "../devnet/consensus/hex.mjs";

const INVALID_PARAMS = -32602;
const METHOD_NOT_FOUND = -32601;
/** "Resource not found" of EIP-1474. */
const NOT_RECORDED = -32001;
const TRANSACTION_REJECTED = -32003;
const BATCH_MAX = 100;

class RpcError extends Error {
  /** @param {number} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** @typedef {import("./recording.mjs").Recording} Recording */

/** @param {Recording} recording @returns {import("../devnet/http.mjs").Route[]} */
export function executionRoutes(recording) {
  return [
    [
      "POST",
      /^\/$/,
      async ({ request, response }) => {
        const body = await readJsonBody(request);
        const calls = Array.isArray(body) ? body.slice(0, BATCH_MAX) : [body];
        const answers = calls.map((call) => answer(recording, call));
        sendJson(response, Array.isArray(body) ? answers : answers[0]);
      },
    ],
  ];
}

/** @param {Recording} recording @param {any} call */
function answer(recording, call) {
  const envelope = { jsonrpc: "2.0", id: call?.id ?? null };
  try {
    const method = Object.hasOwn(METHODS, call?.method) ? METHODS[call.method] : undefined;
    if (!method && /^eth_/.test(call?.method)) throw notRecorded(call.method);
    if (!method) throw new RpcError(METHOD_NOT_FOUND, `there is no method ${call?.method}`);
    return { ...envelope, result: method(recording, ...(call.params ?? [])) };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return { ...envelope, error: { code: error.code, message: error.message } };
  }
}

/** @type {Record<string, (recording: Recording, ...params: any[]) => unknown>} */
const METHODS = {
  eth_chainId: () => "0x1",
  net_version: () => "1",
  web3_clientVersion: () => "lampyris-replay/0",
  eth_syncing: () => false,
  eth_blockNumber: ({ head }) => toQuantity(head.number),
  eth_getBlockByNumber: (recording, block, full) => blockAnswer(recording, resolveBlock(recording, block), full),
  eth_getBlockByHash: (recording, hash, full) => blockAnswer(recording, resolveBlock(recording, hash), full),
  eth_getProof,
  eth_getCode,
  eth_getBlockReceipts,
  eth_getTransactionByHash,
  eth_getTransactionReceipt,
  eth_sendRawTransaction: () => {
    throw new RpcError(TRANSACTION_REJECTED, "a replay takes no transactions");
  },
};

/** @param {Recording} recording @param {number} number @param {boolean} full */
function blockAnswer({ blocks }, number, full) {
  const block = blocks.find((block) => Number(block.number) === number);
  if (!block) throw notRecorded(`block ${number}`);
  return full ? block : { ...block, transactions: block.transactions.map((/** @type {any} */ { hash }) => hash) };
}

/** @param {Recording} recording @param {string} address @param {string[]} keys @param {any} block */
function eth_getProof(recording, address, keys, block) {
  const number = resolveBlock(recording, block);
  const proof = recording.proofs.find((proof) => proof.address === lower(address) && proof.block === number);
  if (!proof) throw notRecorded(`a proof of ${address} at block ${number}`);
  if (!Array.isArray(keys)) throw new RpcError(INVALID_PARAMS, "the second parameter is a list of storage keys");
  const storageProof = keys.map((key) => {
    const slot = proof.answer.storageProof.find((/** @type {any} */ slot) => BigInt(slot.key) === toBigInt(key));
    if (!slot) throw notRecorded(`storage slot ${key} of ${address} at block ${number}`);
    return slot;
  });
  return { ...proof.answer, storageProof };
}

/** @param {Recording} recording @param {string} address */
function eth_getCode({ codes }, address) {
  const found = codes.find((code) => code.address === lower(address));
  if (!found) throw notRecorded(`the code of ${address}`);
  return found.code;
}

/** @param {Recording} recording @param {any} block */
function eth_getBlockReceipts(recording, block) {
  const number = resolveBlock(recording, block);
  const found = recording.receipts.find(({ block }) => block === number);
  if (!found) throw notRecorded(`the receipts of block ${number}`);
  return found.receipts;
}

/** @param {Recording} recording @param {string} hash */
function eth_getTransactionByHash({ blocks }, hash) {
  const all = blocks.flatMap((block) => block.transactions);
  const found = all.find((transaction) => transaction.hash === lower(hash));
  if (!found) throw notRecorded(`transaction ${hash}`);
  return found;
}

/** @param {Recording} recording @param {string} hash */
function eth_getTransactionReceipt({ receipts }, hash) {
  const found = receipts
    .flatMap(({ receipts }) => receipts)
    .find(({ transactionHash }) => transactionHash === lower(hash));
  if (!found) throw notRecorded(`the receipt of ${hash}`);
  return found;
}

/**
 * A number from a tag, a number, a hash, or an object of EIP-1898.
 * @param {Recording} recording @param {any} block @returns {number}
 */
function resolveBlock(recording, block) {
  if (block === "latest" || block === "pending") return recording.head.number;
  if (block === "finalized" || block === "safe") return recording.finalized.number;
  if (typeof block === "object" && block !== null) return resolveBlock(recording, block.blockHash ?? block.blockNumber);
  if (typeof block !== "string" || !/^0x[0-9a-fA-F]+$/.test(block)) {
    throw new RpcError(INVALID_PARAMS, `${JSON.stringify(block)} is not a block`);
  }
  if (block.length < 66) return Number(block);
  const known = [...recording.named, ...recording.blocks.map(({ number, hash }) => ({ number: Number(number), hash }))];
  const found = known.find(({ hash }) => hash === lower(block));
  if (!found) throw notRecorded(`block ${block}`);
  return found.number;
}

/** @param {string} what */
const notRecorded = (what) => new RpcError(NOT_RECORDED, `not recorded: ${what}`);

/** @param {unknown} text */
const lower = (text) => String(text).toLowerCase();

/** @param {unknown} key */
function toBigInt(key) {
  if (typeof key === "string" && /^0x[0-9a-fA-F]{1,64}$/.test(key)) return BigInt(key);
  throw new RpcError(INVALID_PARAMS, `${JSON.stringify(key)} is not a storage key`);
}
