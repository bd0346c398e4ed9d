// The routes of the standard Beacon API (ethereum/beacon-APIs) that a gateway or a test may ask for.
import { ssz } from "@lodestar/types";
import { HttpError, eventTopics, naturalNumber, readJsonBody, sendJson } from "../http.mjs";
import { configRoutes } from "./config-routes.mjs";
import { applyControl } from "./control.mjs";
import { fromHex, toHex } from "./hex.mjs";
import { sendUpdates, sendVersioned } from "./versioned-answers.mjs";

/** MAX_REQUEST_LIGHT_CLIENT_UPDATES */
const UPDATES_MAX = 128;

/**
 * @param {import("./beacon-chain.mjs").BeaconChain} chain
 * @param {import("../event-stream.mjs").EventStream} events
 * @param {import("./control.mjs").Control} control
 * @returns {import("../http.mjs").Route[]}
 */
export function beaconRoutes(chain, events, control) {
  return [
    ...nodeRoutes(chain),
    ...configRoutes(chain.config, chain.config.MIN_GENESIS_TIME),
    ...blockRoutes(chain),
    ...lightClientRoutes(chain),
    ["GET", /^\/eth\/v1\/events$/, ({ response, query }) => events.subscribe(response, eventTopics(query))],
    ["GET", /^\/devnet\/control$/, ({ response }) => sendJson(response, control)],
    [
      "POST",
      /^\/devnet\/control$/,
      async ({ request, response }) => {
        const changes = await readJsonBody(request);
        try {
          applyControl(control, changes);
        } catch (error) {
          throw new HttpError(400, /** @type {Error} */ (error).message);
        }
        sendJson(response, control);
      },
    ],
  ];
}

/** @returns {import("../http.mjs").Route[]} */
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
    [
      "GET",
      /^\/eth\/v1\/node\/version$/,
      ({ response }) => sendJson(response, { data: { version: "lampyris-devnet/0 (Lodestar state transition)" } }),
    ],
  ];
}

/** @returns {import("../http.mjs").Route[]} */
function blockRoutes(chain) {
  const state = { execution_optimistic: false };
  return [
    [
      "GET",
      /^\/eth\/v1\/beacon\/headers\/(\w+)$/,
      ({ response, parameters }) => {
        const { root, record } = findRecord(chain, parameters[0]);
        const message = ssz.phase0.BeaconBlockHeader.toJson(record.header.beacon);
        const signature = toHex(chain.blocks.byRoot(root)?.signature ?? new Uint8Array(96));
        const data = { root, canonical: true, header: { message, signature } };
        sendJson(response, { ...state, finalized: record.slot <= chain.finalizedSlot, data });
      },
    ],
    [
      "GET",
      /^\/eth\/v1\/beacon\/blocks\/(\w+)\/root$/,
      ({ response, parameters }) => {
        const { root, record } = findRecord(chain, parameters[0]);
        sendJson(response, { ...state, finalized: record.slot <= chain.finalizedSlot, data: { root } });
      },
    ],
    [
      "GET",
      /^\/eth\/v2\/beacon\/blocks\/(\w+)$/,
      ({ request, response, parameters }) => {
        const block = chain.blocks.byRoot(findRecord(chain, parameters[0]).root);
        if (!block) throw new HttpError(404, "the block is not kept any more");
        const { slot } = block.message;
        const extra = { ...state, finalized: slot <= chain.finalizedSlot };
        sendVersioned(chain, request, response, "SignedBeaconBlock", { slot, data: block }, extra);
      },
    ],
    [
      "GET",
      /^\/eth\/v1\/beacon\/states\/(\w+)\/finality_checkpoints$/,
      ({ response, parameters }) => {
        if (parameters[0] !== "head") throw new HttpError(404, "only the head's state is kept");
        const checkpoint = ({ epoch, root }) => ({ epoch: String(epoch), root: toHex(root) });
        const data = {
          previous_justified: checkpoint(chain.head.state.previousJustifiedCheckpoint),
          current_justified: checkpoint(chain.justifiedCheckpoint),
          finalized: checkpoint(chain.finalizedCheckpoint),
        };
        sendJson(response, { ...state, finalized: false, data });
      },
    ],
  ];
}

/** @returns {import("../http.mjs").Route[]} */
function lightClientRoutes(chain) {
  const { lightClient } = chain;
  const sendLatest =
    (type, what, update) =>
    ({ request, response }) => {
      const latest = update();
      if (!latest) throw new HttpError(404, `no ${what} yet`);
      sendVersioned(chain, request, response, type, latest);
    };
  return [
    [
      "GET",
      /^\/eth\/v1\/beacon\/light_client\/bootstrap\/(0x[0-9a-fA-F]{64})$/,
      ({ request, response, parameters }) => {
        const bootstrap = lightClient.bootstrap(parameters[0].toLowerCase(), chain.finalizedSlot);
        if (!bootstrap) throw new HttpError(404, "no bootstrap: not the root of a finalized epoch boundary");
        sendVersioned(chain, request, response, "LightClientBootstrap", bootstrap);
      },
    ],
    [
      "GET",
      /^\/eth\/v1\/beacon\/light_client\/updates$/,
      ({ request, response, query }) => {
        const startPeriod = naturalNumber(query, "start_period");
        const count = Math.min(naturalNumber(query, "count"), UPDATES_MAX);
        sendUpdates(chain, request, response, lightClient.updates(startPeriod, count));
      },
    ],
    [
      "GET",
      /^\/eth\/v1\/beacon\/light_client\/finality_update$/,
      sendLatest("LightClientFinalityUpdate", "finality update", () => lightClient.finalityUpdate),
    ],
    [
      "GET",
      /^\/eth\/v1\/beacon\/light_client\/optimistic_update$/,
      sendLatest("LightClientOptimisticUpdate", "optimistic update", () => lightClient.optimisticUpdate),
    ],
  ];
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
