// Lodestar's own light client, for tests: it checks what the devnet serves, signatures included.
// Import it with LODESTAR_PRESET=minimal.
import { createBeaconConfig, createChainForkConfig } from "@lodestar/config";
import { minimalChainConfig } from "@lodestar/config/configs";
import { LightclientSpec, validateLightClientBootstrap } from "@lodestar/state-transition/light-client";
import { fromHex } from "./hex.mjs";

const OPTIONS = { allowForcedUpdates: false, updateHeadersOnForcedUpdate: false };

/**
 * @param {import("../network.mjs").Network} network
 * @param {string} checkpoint
 * @param {{ version: string, data: any }} bootstrapJson as the Beacon API answers
 */
export function referenceLightClient(network, checkpoint, bootstrapJson) {
  const config = configOf(network);
  const parse = (/** @type {string} */ name, /** @type {any} */ { data }) => {
    const slot = Number((data.header ?? data.attested_header).beacon.slot);
    return config.getForkTypes(slot)[name].fromJson(data);
  };
  const bootstrap = parse("LightClientBootstrap", bootstrapJson);
  validateLightClientBootstrap(config, fromHex(checkpoint), bootstrap);
  const client = new LightclientSpec(config, OPTIONS, bootstrap);
  return {
    /** Each throws if the object is not valid at `slot`. */
    onUpdate: (slot, json) => client.onUpdate(slot, parse("LightClientUpdate", json)),
    onFinalityUpdate: (slot, json) => client.onFinalityUpdate(slot, parse("LightClientFinalityUpdate", json)),
    onOptimisticUpdate: (slot, json) => client.onOptimisticUpdate(slot, parse("LightClientOptimisticUpdate", json)),
    get finalizedSlot() {
      return client.store.finalizedHeader.beacon.slot;
    },
    get optimisticSlot() {
      return client.store.optimisticHeader.beacon.slot;
    },
    /** Of a fork and of its blob parameters (EIP-7892). @param {number} epoch */
    forkDigest: (epoch) =>
      Buffer.from(config.forkBoundary2ForkDigest(config.getForkBoundaryAtEpoch(epoch))).toString("hex"),
  };
}

/** @param {import("../network.mjs").Network} network */
function configOf({ forks, blobSchedule, genesisTime, genesisValidatorsRoot }) {
  const epochs = Object.fromEntries(
    forks.slice(1).map(({ name, epoch }) => [`${name.toUpperCase()}_FORK_EPOCH`, epoch]),
  );
  const chainConfig = {
    ...minimalChainConfig,
    ...epochs,
    MIN_GENESIS_TIME: genesisTime,
    BLOB_SCHEDULE: blobSchedule.map(({ epoch, maxBlobsPerBlock }) => ({
      EPOCH: epoch,
      MAX_BLOBS_PER_BLOCK: maxBlobsPerBlock,
    })),
  };
  return createBeaconConfig(createChainForkConfig(chainConfig), fromHex(genesisValidatorsRoot));
}
