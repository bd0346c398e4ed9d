// Between the Engine API's JSON and the beacon chain's containers.
import { ssz } from "@lodestar/types";
import { fromHex, toHex, toQuantity } from "./hex.mjs";

const DEPOSIT_REQUEST = 0;
const WITHDRAWAL_REQUEST = 1;
const CONSOLIDATION_REQUEST = 2;

/** @param {any} payload an ExecutionPayloadV3 */
export function executionPayloadFromJson(payload) {
  return {
    ...commonFields(payload),
    feeRecipient: fromHex(payload.feeRecipient),
    prevRandao: fromHex(payload.prevRandao),
    blockNumber: Number(payload.blockNumber),
    blockHash: fromHex(payload.blockHash),
    transactions: payload.transactions.map(fromHex),
    withdrawals: payload.withdrawals.map(withdrawalFromJson),
  };
}

/** The header that the genesis state carries. @param {any} block of eth_getBlockByNumber, without transactions */
export function executionHeaderFromGenesisBlock(block) {
  return {
    ...commonFields(block),
    feeRecipient: fromHex(block.miner),
    prevRandao: fromHex(block.mixHash),
    blockNumber: 0,
    blockHash: fromHex(block.hash),
    transactionsRoot: ssz.bellatrix.Transactions.hashTreeRoot([]),
    withdrawalsRoot: ssz.capella.Withdrawals.hashTreeRoot([]),
  };
}

/** @param {string[] | undefined} requests type byte and SSZ list, each (EIP-7685) */
export function executionRequestsFromJson(requests = []) {
  const decoded = ssz.electra.ExecutionRequests.defaultValue();
  for (const request of requests) {
    const [type, ...rest] = fromHex(request);
    const bytes = Uint8Array.from(rest);
    if (type === DEPOSIT_REQUEST) decoded.deposits = ssz.electra.DepositRequests.deserialize(bytes);
    else if (type === WITHDRAWAL_REQUEST) decoded.withdrawals = ssz.electra.WithdrawalRequests.deserialize(bytes);
    else if (type === CONSOLIDATION_REQUEST) {
      decoded.consolidations = ssz.electra.ConsolidationRequests.deserialize(bytes);
    } else throw new Error(`execution request of unknown type ${type}`);
  }
  return decoded;
}

/** @param {{ index: number, validatorIndex: number, address: Uint8Array, amount: bigint }} withdrawal */
export const withdrawalToJson = (withdrawal) => ({
  index: toQuantity(withdrawal.index),
  validatorIndex: toQuantity(withdrawal.validatorIndex),
  address: toHex(withdrawal.address),
  amount: toQuantity(withdrawal.amount),
});

/** @param {any} withdrawal */
const withdrawalFromJson = (withdrawal) => ({
  index: Number(withdrawal.index),
  validatorIndex: Number(withdrawal.validatorIndex),
  address: fromHex(withdrawal.address),
  amount: BigInt(withdrawal.amount),
});

/** Fields that a payload and a block of the RPC name alike. @param {any} source */
const commonFields = (source) => ({
  parentHash: fromHex(source.parentHash),
  stateRoot: fromHex(source.stateRoot),
  receiptsRoot: fromHex(source.receiptsRoot),
  logsBloom: fromHex(source.logsBloom),
  gasLimit: Number(source.gasLimit),
  gasUsed: Number(source.gasUsed),
  timestamp: Number(source.timestamp),
  extraData: fromHex(source.extraData),
  baseFeePerGas: BigInt(source.baseFeePerGas),
  blobGasUsed: BigInt(source.blobGasUsed),
  excessBlobGas: BigInt(source.excessBlobGas),
});
