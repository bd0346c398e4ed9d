// The routes of the standard Beacon API (ethereum/beacon-APIs) that a gateway or a test may ask for.
import { activePreset, SLOTS_PER_EPOCH } from "@lodestar/params";
import { ssz } from "@lodestar/types";
import { HttpError, negotiate, readJsonBody, sendJson, sendSsz } from "./http.mjs";
import { applyControl } from "./control.mjs";
import { fromHex, toHex } from "./hex.mjs";

const JSON_TYPE = "application/json";
const SSZ_TYPE = "application/octet-stream";
const FAR_FUTURE = "18446744073709551615";
/** MAX_REQUEST_LIGHT_CLIENT_UPDATES */
const UPDATES_MAX = 128;

/**
 * @param {import("./beacon-chain.mjs").BeaconChain} chain
 * @param {import("./event-stream.mjs").EventStream} events
 * @param {import("./control.mjs").Control} control
 * @returns {import("./http.mjs").Route[]}
 */
export function beaconRoutes(chain, events, control) {
  return [
    ...nodeRoutes(chain),
    ...configRoutes(chain),
    ...blockRoutes(chain),
    ...lightClientRoutes(chain),
    ["GET", /^\/eth\/v1\/events$/, ({ response, query }) => events.subscribe(response, topicsOf(query))],
    ["GET", /^\/devnet\/control$/, ({ response }) => sendJson(response, control)],
    ["POST", /^\/devnet\/control$/, async ({ request, response }) => {
      const changes = await readJsonBody(request);
      try {
        applyControl(control, changes);
      } catch (error) {
        throw new HttpError(400, /** @type {Error} */ (error).message);
      }
      sendJson(response, control);
    }],
  ];
}

/** @returns {import("./http.mjs").Route[]} */
function nodeRoutes(chain) {
  const syncing = () => ({
    head_slot: String(chain.head.slot),
    sync_distance: "0",
    is_syncing: false,
    is_optimistic: false,
    el_offline: false,
  });
  return [
    ["GET", /^\/eth\/v1\/node\/health$/, ({ response }) => void response.writeHead(200).end()],
    ["GET", /^\/eth\/v1\/node\/syncing$/, ({ response }) => sendJson(response, { data: syncing() })],
    ["GET", /^\/eth\/v1\/node\/version$/, ({ response }) =>
      sendJson(response, { data: { version: "lampyris-devnet/0 (Lodestar state transition)" } })],
  ];
}

/** @returns {import("./http.mjs").Route[]} */
function configRoutes({ config }) {
  const genesis = {
    genesis_time: String(config.MIN_GENESIS_TIME),
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

/** @returns {import("./http.mjs").Route[]} */
function blockRoutes(chain) {
  const state = { execution_optimistic: false };
  return [
    ["GET", /^\/eth\/v1\/beacon\/headers\/(\w+)$/, ({ response, parameters }) => {
      const { root, record } = findRecord(chain, parameters[0]);
      const message = ssz.phase0.BeaconBlockHeader.toJson(record.header.beacon);
      const signature = toHex(chain.blocks.byRoot(root)?.signature ?? new Uint8Array(96));
      const data = { root, canonical: true, header: { message, signature } };
      sendJson(response, { ...state, finalized: record.slot <= chain.finalizedSlot, data });
    }],
    ["GET", /^\/eth\/v1\/beacon\/blocks\/(\w+)\/root$/, ({ response, parameters }) => {
      const { root, record } = findRecord(chain, parameters[0]);
      sendJson(response, { ...state, finalized: record.slot <= chain.finalizedSlot, data: { root } });
    }],
    ["GET", /^\/eth\/v2\/beacon\/blocks\/(\w+)$/, ({ request, response, parameters }) => {
      const block = chain.blocks.byRoot(findRecord(chain, parameters[0]).root);
      if (!block) throw new HttpError(404, "the block is not kept any more");
      const { slot } = block.message;
      const extra = { ...state, finalized: slot <= chain.finalizedSlot };
      sendVersioned(chain, request, response, "SignedBeaconBlock", { slot, data: block }, extra);
    }],
    ["GET", /^\/eth\/v1\/beacon\/states\/(\w+)\/finality_checkpoints$/, ({ response, parameters }) => {
      if (parameters[0] !== "head") throw new HttpError(404, "only the head's state is kept");
      const checkpoint = ({ epoch, root }) => ({ epoch: String(epoch), root: toHex(root) });
      const data = {
        previous_justified: checkpoint(chain.head.state.previousJustifiedCheckpoint),
        current_justified: checkpoint(chain.justifiedCheckpoint),
        finalized: checkpoint(chain.finalizedCheckpoint),
      };
      sendJson(response, { ...state, finalized: false, data });
    }],
  ];
}

/** @returns {import("./http.mjs").Route[]} */
function lightClientRoutes(chain) {
  const { lightClient } = chain;
  const sendLatest = (type, what, update) => ({ request, response }) => {
    const latest = update();
    if (!latest) throw new HttpError(404, `no ${what} yet`);
    sendVersioned(chain, request, response, type, latest);
  };
  return [
    ["GET", /^\/eth\/v1\/beacon\/light_client\/bootstrap\/(0x[0-9a-fA-F]{64})$/, ({ request, response, parameters }) => {
      const bootstrap = lightClient.bootstrap(parameters[0].toLowerCase(), chain.finalizedSlot);
      if (!bootstrap) throw new HttpError(404, "no bootstrap: not the root of a finalized epoch boundary");
      sendVersioned(chain, request, response, "LightClientBootstrap", bootstrap);
    }],
    ["GET", /^\/eth\/v1\/beacon\/light_client\/updates$/, ({ request, response, query }) => {
      const startPeriod = naturalNumber(query, "start_period");
      const count = Math.min(naturalNumber(query, "count"), UPDATES_MAX);
      sendUpdates(chain, request, response, lightClient.updates(startPeriod, count));
    }],
    ["GET", /^\/eth\/v1\/beacon\/light_client\/finality_update$/,
      sendLatest("LightClientFinalityUpdate", "finality update", () => lightClient.finalityUpdate)],
    ["GET", /^\/eth\/v1\/beacon\/light_client\/optimistic_update$/,
      sendLatest("LightClientOptimisticUpdate", "optimistic update", () => lightClient.optimisticUpdate)],
  ];
}

/** As JSON or as SSZ, with the fork's name. */
function sendVersioned({ config }, request, response, typeName, { slot, data }, extra = {}) {
  const type = config.getForkTypes(slot)[typeName];
  const version = config.getForkName(slot);
  if (negotiate(request.headers.accept, [JSON_TYPE, SSZ_TYPE]) === SSZ_TYPE) {
    return sendSsz(response, type.serialize(data), version);
  }
  sendJson(response, { version, ...extra, data: type.toJson(data) }, { "eth-consensus-version": version });
}

/** SSZ lists are framed: length (8 bytes, little endian) of what follows, fork digest, object. */
function sendUpdates({ config }, request, response, updates) {
  const versions = updates.map(({ slot }) => config.getForkName(slot));
  const typeOf = ({ slot }) => config.getForkTypes(slot).LightClientUpdate;
  if (negotiate(request.headers.accept, [JSON_TYPE, SSZ_TYPE]) === JSON_TYPE) {
    const list = updates.map((update, index) => ({
      version: versions[index],
      data: typeOf(update).toJson(update.data),
    }));
    return sendJson(response, list);
  }
  const frames = updates.map((update) => {
    const bytes = typeOf(update).serialize(update.data);
    const epoch = Math.floor(update.slot / SLOTS_PER_EPOCH);
    const digest = config.forkBoundary2ForkDigest(config.getForkBoundaryAtEpoch(epoch));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(digest.length + bytes.length));
    return Buffer.concat([length, digest, bytes]);
  });
  sendSsz(response, Buffer.concat(frames), [...new Set(versions)].join(","));
}

/** By "head", "finalized", "justified", root or slot. */
function findRecord(chain, id) {
  const root = rootOf(chain, id);
  const record = root && chain.lightClient.record(root);
  if (!record) throw new HttpError(404, `block ${id} not found`);
  return { root, record };
}

function rootOf(chain, id) {
  if (id === "head") return toHex(chain.head.root);
  if (id === "finalized") return toHex(chain.finalizedCheckpoint.root);
  if (id === "justified") return toHex(chain.justifiedCheckpoint.root);
  if (/^0x[0-9a-fA-F]{64}$/.test(id)) return toHex(fromHex(id));
  if (/^\d+$/.test(id)) return chain.blocks.rootAtSlot(Number(id));
  throw new HttpError(400, `${id} is not a block id`);
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
      Object.fromEntries(Object.entries(entry).map(([name, field]) => [name, specValue(field)])));
  }
  return value === Infinity ? FAR_FUTURE : String(value);
}

/** @param {URLSearchParams} query @param {string} name */
function naturalNumber(query, name) {
  const text = query.get(name);
  if (!text || !/^\d{1,15}$/.test(text)) throw new HttpError(400, `${name} must be a natural number`);
  return Number(text);
}

/** @param {URLSearchParams} query */
const topicsOf = (query) => query.getAll("topics").flatMap((topics) => topics.split(","));
