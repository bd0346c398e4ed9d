// A real post-merge network on this machine: an execution client and a beacon chain that holds every validator.
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { devAccounts } from "./accounts.mjs";
import { Child } from "./child.mjs";
import { FIRST_SLOT, deployContracts } from "./deployment.mjs";
import { executionGenesis } from "./execution/genesis.mjs";
import { describeNetwork, fetchData, fetchJson } from "./network.mjs";
import { freePorts } from "./ports.mjs";

const CHAIN_ID = 131_337;
const EXECUTION_DATA = "execution";
const START_MS_MAX = 60_000;
const FAILURE_MS_MAX = 500;
/** Entries of the execution client's caches; its defaults are for mainnet. */
const CACHE_ENTRIES = "10000";

/**
 * @typedef {object} DevnetOptions
 * @property {number} [slotSeconds] 1 is the shortest
 * @property {number} [warmupSlots] how far genesis lies back; these slots are produced at full speed
 * @property {"fulu" | "electra"} [fork] at genesis
 * @property {number | null} [fuluEpoch] with fork "electra": where Fulu starts
 * @property {{ epoch: number, maxBlobsPerBlock: number }[]} [blobSchedule] EIP-7892; changes the fork digest
 * @property {number} [validators]
 * @property {string} [directory] for logs and data; kept at stop. Without it, a temporary one, removed at stop
 * @property {number} [beaconPort] these three: a free one by default
 * @property {number} [executionPort]
 * @property {number} [enginePort]
 */

/** @typedef {Awaited<ReturnType<typeof startDevnet>>} Devnet */

/**
 * Resolves when the chain has caught up with the clock and has finalized.
 * @param {DevnetOptions} [options]
 */
export async function startDevnet(options = {}) {
  const settings = await completeOptions(options);
  const accounts = devAccounts();
  const execution = startExecution(settings, accounts);
  const consensus = startConsensus(settings);
  const children = [consensus, execution];
  const removeData = () => {
    if (settings.temporary) rmSync(settings.directory, { recursive: true, force: true, maxRetries: 3 });
  };
  const onExit = () => {
    for (const child of children) child.kill();
    removeData();
  };
  process.once("exit", onExit);
  async function stop() {
    process.off("exit", onExit);
    await Promise.all(children.map((child) => child.stop()));
    removeData();
  }

  const failed = Promise.race(children.map((child) => child.failed));
  try {
    const started = prepare(settings, consensus, accounts);
    const ready = await Promise.race([started, failed, timeout(settings.directory)]);
    failed.catch((error) => console.error(error.message));
    const pids = children.map((child) => child.pid);
    return { ...ready, accounts, directory: settings.directory, pids, failed, stop };
  } catch (error) {
    // A request that fails may be the first sign of a process that is about to end; its log says more.
    const failure = await Promise.race([failed.catch((reason) => reason), sleep(FAILURE_MS_MAX)]);
    await stop();
    throw failure ?? error;
  }
}

/** @param {Settings} settings @param {Child} consensus @param {import("./accounts.mjs").Account[]} accounts */
async function prepare({ executionUrl }, consensus, accounts) {
  const { url: beaconUrl } = await consensus.report();
  const control = (/** @type {Partial<import("./consensus/control.mjs").Control>} */ changes) =>
    sendControl(beaconUrl, changes);
  const contracts = await deployContracts(executionUrl, CHAIN_ID, accounts, (slot) => control({ holdAtSlot: slot }));
  await control({ holdAtSlot: null });
  const network = await describeNetwork(beaconUrl);
  const checkpoint = await finalizedAtWallClock(beaconUrl, network, contracts.deployedAtSlot);
  return { beaconUrl, executionUrl, network, checkpoint, contracts, control };
}

/** @param {string} beaconUrl @param {object} changes */
export async function sendControl(beaconUrl, changes) {
  const response = await fetch(`${beaconUrl}/devnet/control`, { method: "POST", body: JSON.stringify(changes) });
  const answer = await response.json();
  if (!response.ok) throw new Error(`control: ${answer.message}`);
  return answer;
}

/**
 * The finalized root, once the head is at the clock's slot and `slot` is finalized.
 * @param {string} beaconUrl @param {import("./network.mjs").Network} network @param {number} slot
 */
async function finalizedAtWallClock(beaconUrl, { genesisTime, slotDurationMs }, slot) {
  for (;;) {
    const { head_slot } = await fetchData(`${beaconUrl}/eth/v1/node/syncing`);
    const { data } = await fetchJson(`${beaconUrl}/eth/v1/beacon/headers/finalized`);
    const clockSlot = Math.floor((Date.now() - genesisTime * 1000) / slotDurationMs);
    const isCurrent = Number(head_slot) >= clockSlot - 1;
    if (isCurrent && data && Number(data.header.message.slot) >= slot) return data.root;
    await sleep(50);
  }
}

/** @param {DevnetOptions} options */
async function completeOptions(options) {
  const { slotSeconds = 1, warmupSlots = 36, fork = "fulu", fuluEpoch = null, validators = 64 } = options;
  if (!Number.isSafeInteger(slotSeconds) || slotSeconds < 1) throw new RangeError("slotSeconds: 1 or more");
  if (!(warmupSlots >= 0)) throw new RangeError("warmupSlots: 0 or more");
  if (!["fulu", "electra"].includes(fork)) throw new RangeError(`fork: fulu or electra, got ${fork}`);
  const [executionPort, enginePort, engineSocketPort, peerPort] = await freePorts(4);
  const temporary = options.directory === undefined;
  const directory = options.directory ? resolve(options.directory) : mkdtempSync(join(tmpdir(), "lampyris-devnet-"));
  mkdirSync(directory, { recursive: true });
  rmSync(join(directory, EXECUTION_DATA), { recursive: true, force: true }); // of a run before
  const chosen = {
    executionPort: options.executionPort ?? executionPort,
    enginePort: options.enginePort ?? enginePort,
  };
  return {
    slotSeconds,
    fork,
    fuluEpoch,
    validators,
    blobSchedule: options.blobSchedule ?? [{ epoch: 0, maxBlobsPerBlock: 9 }],
    genesisTime: Math.floor(Date.now() / 1000) - warmupSlots * slotSeconds,
    jwtSecret: randomBytes(32).toString("hex"),
    directory,
    temporary,
    beaconPort: options.beaconPort ?? 0,
    ...chosen,
    engineSocketPort,
    peerPort,
    executionUrl: `http://127.0.0.1:${chosen.executionPort}`,
  };
}

/** @typedef {Awaited<ReturnType<typeof completeOptions>>} Settings */

/** @param {Settings} settings @param {import("./accounts.mjs").Account[]} accounts */
function startExecution(settings, accounts) {
  const { directory, genesisTime } = settings;
  const file = (/** @type {string} */ name) => join(directory, name);
  const funded = accounts.map(({ address }) => address);
  const genesis = executionGenesis({ chainId: CHAIN_ID, genesisTime, funded });
  writeFileSync(file("genesis.json"), JSON.stringify(genesis));
  writeFileSync(file("jwt.hex"), settings.jwtSecret, { mode: 0o600 });
  const parameters = [
    ["--gethGenesis", file("genesis.json")],
    ["--dataDir", file(EXECUTION_DATA)],
    ["--isSingleNode", "--saveReceipts", "--no-logFile", "--logLevel", "warn", "--discDns=false", "--discV4=false"],
    ["--maxPeers", "0", "--port", String(settings.peerPort)],
    ["--rpc", "--rpcAddr", "127.0.0.1", "--rpcPort", String(settings.executionPort)],
    ["--rpcEngine", "--rpcEngineAddr", "127.0.0.1", "--rpcEnginePort", String(settings.enginePort)],
    ["--wsEngineAddr", "127.0.0.1", "--wsEnginePort", String(settings.engineSocketPort)],
    ["--jwtSecret", file("jwt.hex")],
    ["accountCache", "storageCache", "codeCache", "trieCache"].flatMap((name) => [`--${name}`, CACHE_ENTRIES]),
  ];
  /** @type {Record<string, string>} */
  const env = settings.temporary ? { DEVNET_TEMPORARY_DIRECTORY: directory } : {};
  return new Child("the execution client", localFile("execution/main.mjs"), parameters.flat(), {
    logFile: file("execution.log"),
    env,
  });
}

/** @param {Settings} settings */
function startConsensus(settings) {
  const { genesisTime, slotSeconds, validators, fork, fuluEpoch, blobSchedule, executionUrl, jwtSecret } = settings;
  /** @type {import("./consensus/chain-config.mjs").ConsensusOptions} */
  const options = {
    genesisTime,
    slotSeconds,
    validators,
    fork,
    fuluEpoch,
    blobSchedule,
    holdAtSlot: FIRST_SLOT,
    executionUrl,
    engineUrl: `http://127.0.0.1:${settings.enginePort}`,
    jwtSecret,
    port: settings.beaconPort,
  };
  return new Child("the beacon chain", localFile("consensus/main.mjs"), [], {
    logFile: join(settings.directory, "consensus.log"),
    env: { LODESTAR_PRESET: "minimal", DEVNET_OPTIONS: JSON.stringify(options) },
  });
}

/** @param {string} directory @returns {Promise<never>} */
async function timeout(directory) {
  await sleep(START_MS_MAX, undefined, { ref: false });
  throw new Error(`the devnet was not ready after ${START_MS_MAX / 1000} s; its logs were in ${directory}`);
}

/** @param {string} path */
const localFile = (path) => fileURLToPath(new URL(path, import.meta.url));
