#!/usr/bin/env node
// The devnet as a command.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { sendControl, startDevnet } from "./index.mjs";
import { fetchData } from "./network.mjs";

const HELP = `A real post-merge Ethereum network on this machine, for tests and the demo.

Usage: node tests/devnet/devnet.mjs <command> [options]

  start     run it until Ctrl-C; with --detach: in the background
  stop      end the one that runs in --directory
  status    head, finality and addresses
  control   change its behaviour: control participation=0.5 paused=true skipUntil=120 noAttest=true
            (without settings: print them)
  config    print network, checkpoint, contracts and accounts as JSON

Options
  --directory D         its logs and data                        (default tests/devnet/run)
  --slot-seconds N      1 is the shortest                        (default 1)
  --warmup-slots N      how far genesis lies back                (default 36)
  --fork NAME           fulu or electra                          (default fulu)
  --fulu-epoch N        with --fork electra: where Fulu starts   (default never)
  --beacon-port P       (default: a free one)
  --execution-port P    (default: a free one)
  --detach              start in the background
  --help                this text
`;
const STOP_MS_MAX = 10_000;
const DETACHED_START_MS_MAX = 90_000;

/** @type {Record<string, (context: Context) => Promise<void>>} */
const COMMANDS = { start, stop, status, control, config };

/**
 * @typedef {object} Context
 * @property {string} directory
 * @property {string[]} settings
 * @property {Record<string, any>} values of the options
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    directory: { type: "string", default: fileURLToPath(new URL("run", import.meta.url)) },
    "slot-seconds": { type: "string" },
    "warmup-slots": { type: "string" },
    fork: { type: "string" },
    "fulu-epoch": { type: "string" },
    "beacon-port": { type: "string" },
    "execution-port": { type: "string" },
    detach: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});
const [name, ...settings] = positionals;
if (values.help || !name) {
  console.log(HELP);
} else if (!COMMANDS[name]) {
  console.error(`There is no command ${name}.\n\n${HELP}`);
  process.exitCode = 2;
} else {
  await COMMANDS[name]({ directory: /** @type {string} */ (values.directory), settings, values }).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}

/** @param {Context} context */
async function start({ directory, values }) {
  const running = runningDevnet(directory);
  if (running) throw new Error(`a devnet runs in ${directory} already, with pid ${running.pid}`);
  rmSync(stateFile(directory), { force: true });
  mkdirSync(directory, { recursive: true });
  if (values.detach) return startInBackground(directory);
  const devnet = await startDevnet(optionsFrom(directory, values));
  const { beaconUrl, executionUrl, network, checkpoint, contracts, accounts } = devnet;
  const state = { pid: process.pid, beaconUrl, executionUrl, network, checkpoint, contracts, accounts };
  writeFileSync(stateFile(directory), JSON.stringify(state, null, 2));
  console.log(`beacon     ${beaconUrl}\nexecution  ${executionUrl}\ncheckpoint ${checkpoint}`);
  const end = async (/** @type {number} */ code) => {
    rmSync(stateFile(directory), { force: true });
    await devnet.stop();
    process.exit(code);
  };
  process.once("SIGINT", () => void end(0));
  process.once("SIGTERM", () => void end(0));
  devnet.failed.catch((error) => {
    console.error(error.message);
    void end(1);
  });
}

/** Runs this command again, without --detach, and waits until it is ready. @param {string} directory */
async function startInBackground(directory) {
  const logFile = join(directory, "devnet.log");
  const log = openSync(logFile, "w");
  const parameters = process.argv.slice(2).filter((parameter) => parameter !== "--detach");
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...parameters], {
    detached: true,
    stdio: ["ignore", log, log],
  });
  child.unref();
  const deadline = Date.now() + DETACHED_START_MS_MAX;
  while (!existsSync(stateFile(directory))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(readFileSync(logFile, "utf8"));
    await sleep(100);
  }
  console.log(readFileSync(logFile, "utf8").trimEnd());
}

/** @param {Context} context */
async function stop({ directory }) {
  const { pid } = requireRunning(directory);
  process.kill(pid, "SIGTERM");
  const deadline = Date.now() + STOP_MS_MAX;
  while (isAlive(pid)) {
    if (Date.now() > deadline) throw new Error(`process ${pid} did not end within ${STOP_MS_MAX / 1000} s`);
    await sleep(50);
  }
  console.log("stopped");
}

/** @param {Context} context */
async function status({ directory }) {
  const { pid, beaconUrl, executionUrl } = requireRunning(directory);
  const { head_slot } = await fetchData(`${beaconUrl}/eth/v1/node/syncing`);
  const { finalized } = await fetchData(`${beaconUrl}/eth/v1/beacon/states/head/finality_checkpoints`);
  console.log(`pid        ${pid}\nbeacon     ${beaconUrl}\nexecution  ${executionUrl}`);
  console.log(`head       slot ${head_slot}\nfinalized  epoch ${finalized.epoch} ${finalized.root}`);
}

/** @param {Context} context */
async function control({ directory, settings }) {
  const changes = Object.fromEntries(
    settings.map((setting) => {
      const [key, value] = setting.split("=");
      if (!value) throw new Error(`expected key=value, got ${setting}`);
      return [key, JSON.parse(value)];
    }),
  );
  console.log(JSON.stringify(await sendControl(requireRunning(directory).beaconUrl, changes), null, 2));
}

/** @param {Context} context */
async function config({ directory }) {
  const { pid, ...description } = requireRunning(directory);
  console.log(JSON.stringify(description, null, 2));
}

/** @param {string} directory @param {Record<string, any>} values */
function optionsFrom(directory, values) {
  const number = (/** @type {string | undefined} */ text) => (text === undefined ? undefined : Number(text));
  return {
    directory,
    slotSeconds: number(values["slot-seconds"]),
    warmupSlots: number(values["warmup-slots"]),
    fork: values.fork,
    fuluEpoch: number(values["fulu-epoch"]),
    beaconPort: number(values["beacon-port"]),
    executionPort: number(values["execution-port"]),
  };
}

/** @param {string} directory */
function stateFile(directory) {
  return join(directory, "devnet.json");
}

/** @param {string} directory */
function runningDevnet(directory) {
  if (!existsSync(stateFile(directory))) return null;
  const state = JSON.parse(readFileSync(stateFile(directory), "utf8"));
  return isAlive(state.pid) ? state : null;
}

/** @param {string} directory */
function requireRunning(directory) {
  const running = runningDevnet(directory);
  if (!running) throw new Error(`no devnet runs in ${directory}`);
  return running;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
