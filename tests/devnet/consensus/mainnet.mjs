// Mainnet's containers and constants, for the replays. A process has one preset: here it must be mainnet's.
import { createBeaconConfig, createChainForkConfig } from "@lodestar/config";
import { mainnetChainConfig } from "@lodestar/config/configs";
import { ACTIVE_PRESET, PresetName } from "@lodestar/params";
import { ssz } from "@lodestar/types";
import { fromHex } from "./hex.mjs";

const GENESIS_VALIDATORS_ROOT = "0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95";

export const GENESIS_TIME = 1_606_824_023;
export const SECONDS_PER_SLOT = 12;

if (ACTIVE_PRESET !== PresetName.mainnet) throw new Error("run this without LODESTAR_PRESET");

export const mainnet = createBeaconConfig(createChainForkConfig(mainnetChainConfig), fromHex(GENESIS_VALIDATORS_ROOT));

/** @param {any} header */
export const headerRoot = (header) => ssz.phase0.BeaconBlockHeader.hashTreeRoot(header);

/** @param {any} header */
export const headerToJson = (header) => ssz.phase0.BeaconBlockHeader.toJson(header);
