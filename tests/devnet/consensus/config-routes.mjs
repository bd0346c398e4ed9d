// The routes of the Beacon API that describe the network.
import { activePreset } from "@lodestar/params";
import { sendJson } from "../http.mjs";
import { toHex } from "./hex.mjs";

const FAR_FUTURE = "18446744073709551615";

/** @param {any} config a BeaconConfig @param {number} genesisTime unix seconds @returns {import("../http.mjs").Route[]} */
export function configRoutes(config, genesisTime) {
  const genesis = {
    genesis_time: String(genesisTime),
    genesis_validators_root: toHex(config.genesisValidatorsRoot),
    genesis_fork_version: toHex(config.GENESIS_FORK_VERSION),
  };
  const forkSchedule = Object.values(config.forks)
    .filter((fork) => fork.epoch !== Infinity)
    .map((fork) => ({
      previous_version: toHex(fork.prevVersion),
      current_version: toHex(fork.version),
      epoch: String(fork.epoch),
    }));
  const spec = specJson(config);
  return [
    ["GET", /^\/eth\/v1\/beacon\/genesis$/, ({ response }) => sendJson(response, { data: genesis })],
    ["GET", /^\/eth\/v1\/config\/fork_schedule$/, ({ response }) => sendJson(response, { data: forkSchedule })],
    ["GET", /^\/eth\/v1\/config\/spec$/, ({ response }) => sendJson(response, { data: spec })],
  ];
}

/** All values are strings; epochs that never come are 2^64 - 1. */
function specJson(config) {
  const spec = {};
  for (const [name, value] of Object.entries({ ...activePreset, ...config })) {
    if (!/^[A-Z][A-Z0-9_]+$/.test(name)) continue;
    spec[name] = specValue(value);
  }
  return spec;
}

function specValue(value) {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) {
    return value.map((entry) =>
      Object.fromEntries(Object.entries(entry).map(([name, field]) => [name, specValue(field)])),
    );
  }
  return value === Infinity ? FAR_FUTURE : String(value);
}
