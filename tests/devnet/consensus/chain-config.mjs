// The network's constants: the minimal preset with every fork up to the wanted one at genesis.
import { createChainForkConfig } from "@lodestar/config";
import { minimalChainConfig } from "@lodestar/config/configs";
import { fromHex } from "./hex.mjs";

export const CHAIN_ID = 131_337;
const DEPOSIT_CONTRACT = "0x00000000219ab540356cbb839cbe05303d7705fa";

/**
 * @typedef {object} ConsensusOptions what the parent process passes on
 * @property {number} genesisTime unix seconds
 * @property {number} slotSeconds
 * @property {number} validators
 * @property {"electra" | "fulu"} fork the fork at genesis
 * @property {number | null} fuluEpoch where Fulu starts if genesis is Electra
 * @property {{ epoch: number, maxBlobsPerBlock: number }[]} blobSchedule
 * @property {number | null} holdAtSlot the last slot to produce until control() lifts it
 * @property {string} executionUrl
 * @property {string} engineUrl
 * @property {string} jwtSecret hex, 32 bytes
 * @property {number} port 0 picks a free one
 */

/** @param {ConsensusOptions} options */
export function devnetChainConfig(options) {
  return createChainForkConfig({
    ...minimalChainConfig,
    CONFIG_NAME: "devnet",
    SECONDS_PER_SLOT: options.slotSeconds,
    SLOT_DURATION_MS: options.slotSeconds * 1000,
    ALTAIR_FORK_EPOCH: 0,
    BELLATRIX_FORK_EPOCH: 0,
    CAPELLA_FORK_EPOCH: 0,
    DENEB_FORK_EPOCH: 0,
    ELECTRA_FORK_EPOCH: 0,
    FULU_FORK_EPOCH: options.fork === "fulu" ? 0 : (options.fuluEpoch ?? Infinity),
    BLOB_SCHEDULE: options.blobSchedule.map(({ epoch, maxBlobsPerBlock }) => ({
      EPOCH: epoch,
      MAX_BLOBS_PER_BLOCK: maxBlobsPerBlock,
    })),
    TERMINAL_TOTAL_DIFFICULTY: 0n,
    MIN_GENESIS_ACTIVE_VALIDATOR_COUNT: options.validators,
    MIN_GENESIS_TIME: options.genesisTime,
    GENESIS_DELAY: 0,
    DEPOSIT_CHAIN_ID: CHAIN_ID,
    DEPOSIT_NETWORK_ID: CHAIN_ID,
    DEPOSIT_CONTRACT_ADDRESS: fromHex(DEPOSIT_CONTRACT),
  });
}
