// Serves recorded mainnet answers, at the moment at which they were recorded.
import { EventStream } from "../devnet/event-stream.mjs";
import { serve } from "../devnet/http.mjs";
import { beaconRoutes } from "./beacon-routes.mjs";
import { executionRoutes } from "./execution-routes.mjs";
import { loadRecording } from "./recording.mjs";

export { REPLAYS } from "./recording.mjs";

const KEEP_ALIVE_MS = 10_000;

/**
 * @param {string} name of a manifest: "fulu", "deneb" or "electra"
 * @param {{ port?: number }} [options] the Beacon API's port and, on the same one, JSON-RPC; 0 takes a free one
 */
export async function startReplay(name, { port = 0 } = {}) {
  const recording = loadRecording(name);
  const events = new EventStream();
  const server = await serve([...beaconRoutes(recording, events), ...executionRoutes(recording)], port);
  const keepAlive = setInterval(() => events.comment("keep-alive"), KEEP_ALIVE_MS);
  keepAlive.unref();
  const { checkpoint, note, watch } = recording.manifest;
  return {
    beaconUrl: server.url,
    executionUrl: server.url,
    config: {
      network: "mainnet",
      checkpoint,
      fixedClockUnixMs: recording.fixedClockUnixMs,
      watch,
      note,
      tokens: [],
      governors: [],
    },
    async stop() {
      clearInterval(keepAlive);
      await server.close();
    },
  };
}
