#!/usr/bin/env node
// A replay as a command.
import { parseArgs } from "node:util";
import { REPLAYS, startReplay } from "./index.mjs";

const HELP = `Serves recorded answers of Ethereum mainnet: Beacon API and JSON-RPC on one port.

Usage: node tests/replay/replay.mjs <${REPLAYS.join("|")}> [--port P]

  --port P   (default: a free one)
  --help     this text

It prints its address and what a client needs to know: the checkpoint and the time at which the chain stands still.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: "string", default: "0" }, help: { type: "boolean", short: "h" } },
});
if (values.help || positionals.length !== 1) {
  console.log(HELP);
  if (!values.help) process.exitCode = 2;
} else {
  try {
    const { beaconUrl, executionUrl, config } = await startReplay(positionals[0], { port: Number(values.port) });
    console.log(JSON.stringify({ beaconUrl, executionUrl, config }, null, 2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
