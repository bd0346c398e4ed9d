// Reads a recorded chain: its manifest says which files hold which answers.
import { readFileSync } from "node:fs";
import { GENESIS_TIME, SECONDS_PER_SLOT, headerRoot, mainnet } from "../devnet/consensus/mainnet.mjs";
import { toHex } from "../devnet/consensus/hex.mjs";

const MANIFESTS = new URL("manifests/", import.meta.url);
const VECTORS = new URL("../vectors/", import.meta.url);
/** Into the slot that the last signature belongs to: by then its block has spread. */
const CLOCK_OFFSET_SECONDS = 8;
/** A frame's head: length, 8 bytes, and fork digest, 4 bytes. */
const FRAME_HEAD_BYTES = 12;
export const REPLAYS = ["fulu", "deneb", "electra"];

/** @typedef {{ slot: number, data: any }} Versioned data in the fork of `slot`, the attested one */
/** @typedef {{ file?: string, index?: number, fork?: string, framed?: boolean, derivedFrom?: string }} Source */
/** @typedef {{ number: number, hash: string }} BlockName */

/**
 * @typedef {object} Recording
 * @property {any} manifest
 * @property {Versioned} bootstrap
 * @property {Versioned[]} updates
 * @property {Versioned} finalityUpdate
 * @property {Versioned} optimisticUpdate
 * @property {Map<string, any>} beaconHeaders every header that the objects hold, by root
 * @property {BlockName} head the execution block of the optimistic header
 * @property {BlockName} finalized
 * @property {BlockName[]} named execution blocks whose number and hash are known
 * @property {any[]} blocks execution blocks in full
 * @property {{ address: string, block: number, answer: any }[]} proofs
 * @property {{ address: string, code: string }[]} codes
 * @property {{ block: number, receipts: any[] }[]} receipts
 * @property {number} fixedClockUnixMs
 */

/** @param {string} name of a manifest @returns {Recording} */
export function loadRecording(name) {
  if (!REPLAYS.includes(name)) throw new RangeError(`there is no replay ${name}; there are ${REPLAYS.join(", ")}`);
  const manifest = JSON.parse(readFileSync(new URL(`${name}.json`, MANIFESTS), "utf8"));
  const folder = new URL(`${manifest.folder}/`, VECTORS);
  const read = (/** @type {string} */ type, /** @type {Source} */ source) => readObject(folder, type, source);
  const bootstrap = read("LightClientBootstrap", manifest.bootstrap);
  const updates = manifest.updates.map((/** @type {Source} */ source) => read("LightClientUpdate", source));
  const finalityUpdate = manifest.finalityUpdate.derivedFrom
    ? deriveFinalityUpdate(updates[manifest.finalityUpdate.index])
    : read("LightClientFinalityUpdate", manifest.finalityUpdate);
  const optimisticUpdate = manifest.optimisticUpdate.derivedFrom
    ? deriveOptimisticUpdate(finalityUpdate)
    : read("LightClientOptimisticUpdate", manifest.optimisticUpdate);
  const headers = [bootstrap, ...updates, finalityUpdate, optimisticUpdate].flatMap(headersOf);
  return {
    manifest,
    bootstrap,
    updates,
    finalityUpdate,
    optimisticUpdate,
    beaconHeaders: new Map(headers.map(({ beacon }) => [toHex(headerRoot(beacon)), beacon])),
    head: blockName(optimisticUpdate.data.attestedHeader),
    finalized: blockName(finalityUpdate.data.finalizedHeader),
    named: headers.map(blockName),
    ...readExecution(folder, manifest),
    fixedClockUnixMs: clockAt(optimisticUpdate.data.signatureSlot),
  };
}

/** @param {URL} folder @param {any} manifest */
function readExecution(folder, manifest) {
  const readResult = (/** @type {string} */ file) => {
    const json = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
    return json.result ?? json;
  };
  return {
    blocks: manifest.blocks.map(readResult),
    proofs: manifest.proofs.map((/** @type {any} */ { file, address, block }) => ({
      address: address.toLowerCase(),
      block,
      answer: readResult(file),
    })),
    codes: manifest.codes.map((/** @type {any} */ { file, address }) => ({
      address: address.toLowerCase(),
      code: readResult(file),
    })),
    receipts: manifest.receipts.map((/** @type {any} */ { file, block }) => ({ block, receipts: readResult(file) })),
  };
}

/** @param {URL} folder @param {string} typeName @param {Source} source @returns {Versioned} */
function readObject(folder, typeName, { file = "", index, fork, framed }) {
  const bytes = readFileSync(new URL(file, folder));
  if (fork) {
    const type = mainnet.getForkTypes(mainnet.forks[/** @type {"deneb"} */ (fork)].epoch * 32)[typeName];
    return withSlot(type.deserialize(framed ? bytes.subarray(FRAME_HEAD_BYTES) : bytes));
  }
  const json = JSON.parse(bytes.toString());
  const { version, data } = index === undefined ? json : json[index];
  const type = mainnet.getForkTypes(mainnet.forks[/** @type {"deneb"} */ (version)].epoch * 32)[typeName];
  return withSlot(type.fromJson(data));
}

/** @param {any} data @returns {Versioned} */
const withSlot = (data) => ({ slot: (data.header ?? data.attestedHeader).beacon.slot, data });

/** As the specification's create_light_client_finality_update. @param {Versioned} update @returns {Versioned} */
function deriveFinalityUpdate({ slot, data }) {
  const { attestedHeader, finalizedHeader, finalityBranch, syncAggregate, signatureSlot } = data;
  return { slot, data: { attestedHeader, finalizedHeader, finalityBranch, syncAggregate, signatureSlot } };
}

/** As the specification's create_light_client_optimistic_update. @param {Versioned} update @returns {Versioned} */
function deriveOptimisticUpdate({ slot, data: { attestedHeader, syncAggregate, signatureSlot } }) {
  return { slot, data: { attestedHeader, syncAggregate, signatureSlot } };
}

/** @param {Versioned} object */
const headersOf = ({ data }) => [data.header, data.attestedHeader, data.finalizedHeader].filter(Boolean);

/** @param {any} header @returns {BlockName} */
const blockName = ({ execution }) => ({ number: execution.blockNumber, hash: toHex(execution.blockHash) });

/** @param {number} slot */
const clockAt = (slot) => (GENESIS_TIME + slot * SECONDS_PER_SLOT + CLOCK_OFFSET_SECONDS) * 1000;
