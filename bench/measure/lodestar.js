// Lodestar's light client: the functions that its own client calls for each update.
import { bytesOf } from './bytes.js';

/**
 * What is used of its packages; `peers/lodestar-entry.js` brings it together.
 * @typedef {{ deserialize: (bytes: Uint8Array) => any, toJson: (value: any) => unknown }} Type
 * @typedef {Record<'LightClientBootstrap' | 'LightClientUpdate' | 'LightClientFinalityUpdate', Type>} Types
 * @typedef {(slot: number, update: any) => void} OnUpdate
 *
 * @typedef {object} LodestarModule
 * @property {new (config: unknown, options: object, bootstrap: unknown) => { onUpdate: OnUpdate, onFinalityUpdate: OnUpdate }} LightclientSpec
 * @property {{ capella: Types, deneb: Types }} ssz
 * @property {(chainConfig: unknown, genesisValidatorsRoot: Uint8Array) => unknown} createBeaconConfig
 * @property {unknown} mainnetChainConfig
 */

const mainnetGenesisValidatorsRoot = '0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95';

/**
 * Prepares to follow a chain from its checkpoint; each call does it once. It is given SSZ, which costs it less than JSON.
 * @param {LodestarModule} lodestar
 * @param {import('./ours.js').Recorded} recorded
 * @returns {() => import('./ours.js').Synced}
 */
export function follower({ LightclientSpec, ssz, createBeaconConfig, mainnetChainConfig }, recorded) {
  const config = createBeaconConfig(mainnetChainConfig, bytesOf(mainnetGenesisValidatorsRoot));
  const types = recorded.fork === 'capella' ? ssz.capella : ssz.deneb;
  const updates = recorded.ssz.updates.map(bytesOf);
  const finality = recorded.ssz.finality === null ? null : bytesOf(recorded.ssz.finality);
  return () => {
    const bootstrap = types.LightClientBootstrap.deserialize(bytesOf(recorded.ssz.bootstrap));
    const client = new LightclientSpec(config, { allowForcedUpdates: true }, bootstrap);
    const startedAt = performance.now();
    for (const bytes of updates) {
      const update = types.LightClientUpdate.deserialize(bytes);
      client.onUpdate(update.signatureSlot, update);
    }
    const updatedAt = performance.now();
    if (finality !== null) {
      const update = types.LightClientFinalityUpdate.deserialize(finality);
      client.onFinalityUpdate(update.signatureSlot, update);
    }
    return { updates: updatedAt - startedAt, finality: performance.now() - updatedAt };
  };
}

/**
 * The same objects as JSON of the Beacon API, for those who read nothing else.
 * @param {LodestarModule} lodestar
 * @param {import('./ours.js').Recorded} recorded
 */
export function jsonOf({ ssz }, { fork, ssz: recorded }) {
  const types = fork === 'capella' ? ssz.capella : ssz.deneb;
  /** @param {unknown} data */
  const answer = (data) => ({ version: fork, data });
  const updates = recorded.updates.map((update) => answer(types.LightClientUpdate.toJson(types.LightClientUpdate.deserialize(bytesOf(update)))));
  const bootstrap = types.LightClientBootstrap.toJson(types.LightClientBootstrap.deserialize(bytesOf(recorded.bootstrap)));
  const finality = recorded.finality === null
    ? null
    : types.LightClientFinalityUpdate.toJson(types.LightClientFinalityUpdate.deserialize(bytesOf(recorded.finality)));
  return {
    bootstrap: JSON.stringify(answer(bootstrap)),
    updates: JSON.stringify(updates),
    finality: finality === null ? null : JSON.stringify(answer(finality)),
  };
}
