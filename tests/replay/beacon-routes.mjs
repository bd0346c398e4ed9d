// The Beacon API of a recorded chain: what was recorded, what follows from it, and 404 for the rest.
import { configRoutes } from "../devnet/consensus/config-routes.mjs";
import { toHex } from "../devnet/consensus/hex.mjs";
import { GENESIS_TIME, headerRoot, headerToJson, mainnet } from "../devnet/consensus/mainnet.mjs";
import { sendUpdates, sendVersioned } from "../devnet/consensus/versioned-answers.mjs";
import { HttpError, eventTopics, naturalNumber, sendJson } from "../devnet/http.mjs";

const SLOTS_PER_PERIOD = 8192;
const UPDATES_MAX = 128;
const CHAIN = { config: mainnet };

/**
 * @param {import("./recording.mjs").Recording} recording
 * @param {import("../devnet/event-stream.mjs").EventStream} events
 * @returns {import("../devnet/http.mjs").Route[]}
 */
export function beaconRoutes(recording, events) {
  return [
    ...configRoutes(mainnet, GENESIS_TIME),
    ...nodeRoutes(recording),
    ...headerRoutes(recording),
    ...lightClientRoutes(recording),
    [
      "GET",
      /^\/eth\/v1\/events$/,
      ({ response, query }) => {
        events.subscribe(response, eventTopics(query));
        sendLatest(recording, response, eventTopics(query));
      },
    ],
  ];
}

/** @param {import("./recording.mjs").Recording} recording @returns {import("../devnet/http.mjs").Route[]} */
function nodeRoutes({ optimisticUpdate }) {
  const syncing = {
    head_slot: String(optimisticUpdate.slot),
    sync_distance: "0",
    is_syncing: false,
    is_optimistic: false,
    el_offline: false,
  };
  return [
    ["GET", /^\/eth\/v1\/node\/health$/, ({ response }) => void response.writeHead(200).end()],
    ["GET", /^\/eth\/v1\/node\/syncing$/, ({ response }) => sendJson(response, { data: syncing })],
    [
      "GET",
      /^\/eth\/v1\/node\/version$/,
      ({ response }) => sendJson(response, { data: { version: "lampyris-replay/0" } }),
    ],
  ];
}

/**
 * Block signatures are no part of light-client data, so headers come without.
 * @returns {import("../devnet/http.mjs").Route[]}
 */
function headerRoutes(/** @type {import("./recording.mjs").Recording} */ recording) {
  const finalizedSlot = recording.finalityUpdate.data.finalizedHeader.beacon.slot;
  return [
    [
      "GET",
      /^\/eth\/v1\/beacon\/headers\/(\w+)$/,
      ({ response, parameters }) => {
        const { root, header } = findHeader(recording, parameters[0]);
        const data = { root, canonical: true, header: { message: headerToJson(header) } };
        sendJson(response, { execution_optimistic: false, finalized: header.slot <= finalizedSlot, data });
      },
    ],
    [
      "GET",
      /^\/eth\/v1\/beacon\/blocks\/(\w+)\/root$/,
      ({ response, parameters }) => {
        const { root, header } = findHeader(recording, parameters[0]);
        sendJson(response, { execution_optimistic: false, finalized: header.slot <= finalizedSlot, data: { root } });
      },
    ],
  ];
}

/** @param {import("./recording.mjs").Recording} recording @returns {import("../devnet/http.mjs").Route[]} */
function lightClientRoutes({ manifest, bootstrap, updates, finalityUpdate, optimisticUpdate }) {
  return [
    [
      "GET",
      /^\/eth\/v1\/beacon\/light_client\/bootstrap\/(0x[0-9a-fA-F]{64})$/,
      ({ request, response, parameters }) => {
        if (parameters[0].toLowerCase() !== manifest.checkpoint) throw notRecorded(`a bootstrap for ${parameters[0]}`);
        sendVersioned(CHAIN, request, response, "LightClientBootstrap", bootstrap);
      },
    ],
    [
      "GET",
      /^\/eth\/v1\/beacon\/light_client\/updates$/,
      ({ request, response, query }) => {
        const first = naturalNumber(query, "start_period");
        const count = Math.min(naturalNumber(query, "count"), UPDATES_MAX);
        const wanted = updates.filter(({ slot }) => {
          const period = Math.floor(slot / SLOTS_PER_PERIOD);
          return period >= first && period < first + count;
        });
        sendUpdates(CHAIN, request, response, wanted);
      },
    ],
    [
      "GET",
      /^\/eth\/v1\/beacon\/light_client\/finality_update$/,
      ({ request, response }) => sendVersioned(CHAIN, request, response, "LightClientFinalityUpdate", finalityUpdate),
    ],
    [
      "GET",
      /^\/eth\/v1\/beacon\/light_client\/optimistic_update$/,
      ({ request, response }) =>
        sendVersioned(CHAIN, request, response, "LightClientOptimisticUpdate", optimisticUpdate),
    ],
  ];
}

/** A subscriber gets the last updates once: in a replay no more will come. */
function sendLatest({ finalityUpdate, optimisticUpdate }, response, topics) {
  const send = (topic, typeName, { slot, data }) => {
    if (!topics.includes(topic)) return;
    const event = { version: mainnet.getForkName(slot), data: mainnet.getForkTypes(slot)[typeName].toJson(data) };
    response.write(`event: ${topic}\ndata: ${JSON.stringify(event)}\n\n`);
  };
  send("light_client_finality_update", "LightClientFinalityUpdate", finalityUpdate);
  send("light_client_optimistic_update", "LightClientOptimisticUpdate", optimisticUpdate);
}

/** @param {import("./recording.mjs").Recording} recording @param {string} id */
function findHeader({ beaconHeaders, finalityUpdate, optimisticUpdate }, id) {
  const { attestedHeader } = optimisticUpdate.data;
  const { finalizedHeader } = finalityUpdate.data;
  if (id === "head") return { root: toHex(headerRoot(attestedHeader.beacon)), header: attestedHeader.beacon };
  if (id === "finalized") return { root: toHex(headerRoot(finalizedHeader.beacon)), header: finalizedHeader.beacon };
  for (const [root, header] of beaconHeaders) {
    if (id.toLowerCase() === root || id === String(header.slot)) return { root, header };
  }
  throw notRecorded(`block ${id}`);
}

/** @param {string} what */
const notRecorded = (what) => new HttpError(404, `not recorded: ${what}`);
