// The consensus process. Started by the devnet with its options in the environment and an IPC channel
// to report on; it ends when that channel closes, so that it never outlives its parent.
import { interopSecretKeys } from "@lodestar/state-transition";
import { setTimeout as sleep } from "node:timers/promises";
import { EventStream } from "../event-stream.mjs";
import { serve } from "../http.mjs";
import { jsonRpc } from "../json-rpc.mjs";
import { BeaconChain } from "./beacon-chain.mjs";
import { beaconRoutes } from "./beacon-api.mjs";
import { devnetChainConfig } from "./chain-config.mjs";
import { initialControl } from "./control.mjs";
import { engineClient } from "./engine-api.mjs";
import { createGenesis } from "./genesis.mjs";
import { runSlots } from "./slot-loop.mjs";

const EXECUTION_START_MS_MAX = 30_000;

process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole group; the parent decides when to end this process.
process.on("SIGINT", () => {});

/** @type {import("./chain-config.mjs").ConsensusOptions} */
const options = JSON.parse(process.env.DEVNET_OPTIONS ?? "");
const keys = interopSecretKeys(options.validators);
const executionGenesis = await waitForExecutionGenesis(options.executionUrl);
const genesis = createGenesis(devnetChainConfig(options), keys, options.genesisTime, executionGenesis);
const chain = new BeaconChain(genesis, keys, engineClient(options.engineUrl, options.jwtSecret));
const events = new EventStream();
const control = initialControl(options.holdAtSlot);
const { url } = await serve(beaconRoutes(chain, events, control), options.port);
process.send?.({ url });
await runSlots(chain, control, options, (topic, data) => events.emit(topic, data));

/** @param {string} executionUrl */
async function waitForExecutionGenesis(executionUrl) {
  const deadline = Date.now() + EXECUTION_START_MS_MAX;
  for (;;) {
    try {
      return await jsonRpc(executionUrl, "eth_getBlockByNumber", ["0x0", false]);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}
