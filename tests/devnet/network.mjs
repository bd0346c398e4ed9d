// network.json (docs/architecture.md) from what a Beacon API answers.

/**
 * @typedef {object} Network
 * @property {string} name
 * @property {number} chainId
 * @property {"minimal" | "mainnet"} preset
 * @property {number} genesisTime unix seconds
 * @property {string} genesisValidatorsRoot
 * @property {number} slotDurationMs
 * @property {{ name: string, version: string, epoch: number }[]} forks
 * @property {{ epoch: number, maxBlobsPerBlock: number }[]} blobSchedule
 */

const FORKS = ["altair", "bellatrix", "capella", "deneb", "electra", "fulu"];
const FAR_FUTURE = "18446744073709551615";

/** @param {string} beaconUrl @returns {Promise<Network>} */
export async function describeNetwork(beaconUrl) {
  const [genesis, spec] = await Promise.all([
    fetchData(`${beaconUrl}/eth/v1/beacon/genesis`),
    fetchData(`${beaconUrl}/eth/v1/config/spec`),
  ]);
  const scheduled = FORKS.filter((name) => spec[`${name.toUpperCase()}_FORK_EPOCH`] !== FAR_FUTURE);
  return {
    name: spec.CONFIG_NAME,
    chainId: Number(spec.DEPOSIT_CHAIN_ID),
    preset: spec.PRESET_BASE,
    genesisTime: Number(genesis.genesis_time),
    genesisValidatorsRoot: genesis.genesis_validators_root,
    slotDurationMs: Number(spec.SLOT_DURATION_MS),
    forks: [
      { name: "phase0", version: spec.GENESIS_FORK_VERSION, epoch: 0 },
      ...scheduled.map((name) => ({
        name,
        version: spec[`${name.toUpperCase()}_FORK_VERSION`],
        epoch: Number(spec[`${name.toUpperCase()}_FORK_EPOCH`]),
      })),
    ],
    blobSchedule: spec.BLOB_SCHEDULE.map((/** @type {Record<string, string>} */ entry) => ({
      epoch: Number(entry.EPOCH),
      maxBlobsPerBlock: Number(entry.MAX_BLOBS_PER_BLOCK),
    })),
  };
}

/** @param {string} url */
export async function fetchData(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()).data;
}

/** An error's answer too. @param {string} url */
export const fetchJson = async (url) => (await fetch(url)).json();
