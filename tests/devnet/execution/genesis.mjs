// The execution genesis: Prague rules from the start, system contracts as on Hoodi, funded accounts.
import { hoodiGenesis } from "./node_modules/@ethereumjs/genesis/dist/esm/genesisStates/hoodi.js";

const DEPOSIT_CONTRACT = "0x00000000219ab540356cbb839cbe05303d7705fa";
const SYSTEM_CONTRACTS = [
  DEPOSIT_CONTRACT,
  "0x000f3df6d732807ef1319fb7b8bb8522d0beac02", // beacon roots, EIP-4788
  "0x0000f90827f1c53a10cb7a02335b175320002935", // block hashes, EIP-2935
  "0x00000961ef480eb55e80d19ad83579a64c007002", // withdrawal requests, EIP-7002
  "0x0000bbddc7ce488642fb579f8b00f3a590007251", // consolidation requests, EIP-7251
];
const BALANCE = "0x21e19e0c9bab2400000"; // 10,000 ether
const GAS_LIMIT = "0x2255100"; // 36 million

/**
 * In geth's format.
 * @param {{ chainId: number, genesisTime: number, funded: string[] }} options
 */
export function executionGenesis({ chainId, genesisTime, funded }) {
  /** @type {Record<string, object>} */
  const alloc = {};
  for (const address of SYSTEM_CONTRACTS) {
    const [balance, code, storage, nonce] = hoodiGenesis[address];
    alloc[address] = {
      balance: balance ?? "0x0",
      code,
      nonce: nonce ?? "0x1",
      storage: Object.fromEntries(storage ?? []),
    };
  }
  for (const address of funded) alloc[address] = { balance: BALANCE };
  return {
    config: forkConfig(chainId),
    nonce: "0x0",
    timestamp: `0x${genesisTime.toString(16)}`,
    extraData: "0x",
    gasLimit: GAS_LIMIT,
    difficulty: "0x0",
    mixHash: `0x${"00".repeat(32)}`,
    coinbase: `0x${"00".repeat(20)}`,
    baseFeePerGas: "0x3b9aca00",
    excessBlobGas: "0x0",
    blobGasUsed: "0x0",
    alloc,
  };
}

/** @param {number} chainId */
const forkConfig = (chainId) => ({
  chainId,
  homesteadBlock: 0,
  eip150Block: 0,
  eip155Block: 0,
  eip158Block: 0,
  byzantiumBlock: 0,
  constantinopleBlock: 0,
  petersburgBlock: 0,
  istanbulBlock: 0,
  berlinBlock: 0,
  londonBlock: 0,
  mergeNetsplitBlock: 0,
  terminalTotalDifficulty: 0,
  terminalTotalDifficultyPassed: true,
  shanghaiTime: 0,
  cancunTime: 0,
  pragueTime: 0,
  depositContractAddress: DEPOSIT_CONTRACT,
  blobSchedule: {
    cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3338477 },
    prague: { target: 6, max: 9, baseFeeUpdateFraction: 5007716 },
  },
});
