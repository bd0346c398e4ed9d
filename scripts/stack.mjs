/** A whole Lampyris on this machine: Ethereum nodes (devnet or replay), gateways, and the page's server. For the demo, tests and measurements. */

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startGateway } from './library/gateway.mjs';
import { runFolder } from './library/paths.mjs';
import { endLeftovers } from './library/processes.mjs';
import { servePage } from './serve.mjs';

/** What can be replayed: recorded bytes of mainnet. */
export const replayNames = /** @type {const} */ (['fulu', 'deneb', 'electra']);

/** @typedef {import('./library/gateway.mjs').Gateway} Gateway */

/**
 * @typedef {object} StackOptions
 * @property {string | null} [replay] the recording of mainnet to replay; the devnet by default
 * @property {number} [gateways] how many honest ones
 * @property {string[][]} [liars] one lying gateway for each, with its extra arguments
 * @property {number} [port] of the page; 0 lets the system choose
 * @property {Record<string, unknown>} [devnet] options of `startDevnet`
 * @property {(text: string) => void} [onProgress]
 */

/**
 * @typedef {object} Stack
 * @property {string} url of the page
 * @property {Record<string, any>} config answered as `/config.json`; may be changed between page loads
 * @property {any} devnet what `startDevnet` gave; null in a replay
 * @property {Gateway[]} gateways
 * @property {Gateway[]} liars
 * @property {(liarArguments?: string[]) => Promise<Gateway>} addGateway one more honest gateway, or a liar if arguments are given
 * @property {() => Promise<void>} stop
 */

let stacksStarted = 0;

/**
 * Starts everything. When anything fails, what was started is stopped again.
 * @param {StackOptions} [options]
 * @returns {Promise<Stack>}
 */
export async function startStack(options = {}) {
  const { replay = null, gateways = 2, liars = [], port = 0, onProgress = () => {} } = options;
  endLeftovers();
  stacksStarted += 1;
  const folder = join(runFolder, `stack-${process.pid}-${stacksStarted}`);
  mkdirSync(folder, { recursive: true });
  /** @type {(() => Promise<void>)[]} */
  const stops = [async () => rmSync(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const stopOne of stops.splice(0).reverse()) await stopOne().catch((error) => console.error(error));
  };
  try {
    onProgress(replay === null ? 'Starting the devnet …' : `Starting the replay of mainnet (${replay}) …`);
    const { upstream, config, devnet, freshConfig, stopUpstream } = replay === null ? await devnetUpstream(options.devnet) : await replayUpstream(replay);
    stops.push(stopUpstream);
    let gatewaysStarted = 0;
    /** @param {string[]} [liarArguments] */
    const addGateway = async (liarArguments) => {
      gatewaysStarted += 1;
      const kind = liarArguments === undefined ? 'gateway' : 'liar';
      const gateway = await startGateway(upstream, join(folder, `${kind}-${gatewaysStarted}`),
        liarArguments === undefined ? {} : { program: 'lampyris-liar', extraArguments: liarArguments });
      stops.push(() => gateway.stop());
      return gateway;
    };
    onProgress(`Starting ${gateways + liars.length} gateways …`);
    const started = await allOrNone([
      ...liars.map((liarArguments) => addGateway(liarArguments)),
      ...Array.from({ length: gateways }, () => addGateway()),
    ]);
    const [lying, honest] = [started.slice(0, liars.length), started.slice(liars.length)];
    config.gateways = [...lying, ...honest].flatMap(({ addresses }) => addresses);
    const server = await servePage({ config: freshConfig, port });
    stops.push(() => server.stop());
    return { url: server.url, config, devnet, gateways: honest, liars: lying, addGateway, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Waits for all of them even if one fails, so that nothing starts after everything was stopped.
 * @template T
 * @param {Promise<T>[]} starts
 * @returns {Promise<T[]>}
 */
async function allOrNone(starts) {
  await Promise.allSettled(starts);
  return Promise.all(starts);
}

/**
 * These modules bring npm packages of their own, which are loaded only when they are needed.
 * @param {string} name
 */
const testModule = (name) => new URL(`../tests/${name}/index.mjs`, import.meta.url).href;

/** @param {Record<string, unknown>} [devnetOptions] */
async function devnetUpstream(devnetOptions = {}) {
  const { startDevnet } = await import(testModule('devnet'));
  const devnet = await startDevnet(devnetOptions);
  const { beaconUrl, executionUrl, network, checkpoint, contracts, accounts } = devnet;
  const watch = [
    { label: 'Treasury of the governor', address: contracts.treasury },
    ...accounts.slice(0, 3).map((/** @type {{ address: string }} */ { address }, /** @type {number} */ index) => ({ label: `Account ${index}`, address })),
  ];
  const config = pageConfig({ network, checkpoint, tokens: contracts.tokens, governors: contracts.governors, watch });
  return {
    devnet,
    upstream: { beaconUrl, executionUrl, network, checkpoint, fixedClockUnixMs: null },
    config,
    freshConfig: withYoungCheckpoint(config, beaconUrl),
    stopUpstream: () => devnet.stop(),
  };
}

/** A devnet's slots are short, and so is the time for which its checkpoint may be trusted. */
const checkpointAgeMsMax = 10 * 60_000;

/**
 * Who opens the page when the devnet has run for long gets a checkpoint of its own node's word, as a visitor of a real network would.
 * @param {Record<string, any>} config
 * @param {string} beaconUrl
 */
function withYoungCheckpoint(config, beaconUrl) {
  let takenAt = performance.now();
  return async () => {
    if (performance.now() - takenAt > checkpointAgeMsMax) {
      const response = await fetch(`${beaconUrl}/eth/v1/beacon/states/head/finality_checkpoints`);
      config.checkpoint = (await response.json()).data.finalized.root;
      takenAt = performance.now();
    }
    return config;
  };
}

/** @param {string} name */
async function replayUpstream(name) {
  const { startReplay } = await import(testModule('replay'));
  const replay = await startReplay(name);
  const { network, checkpoint, fixedClockUnixMs } = replay.config;
  const config = pageConfig(replay.config);
  return {
    devnet: null,
    upstream: { beaconUrl: replay.beaconUrl, executionUrl: replay.executionUrl, network, checkpoint, fixedClockUnixMs },
    config,
    freshConfig: () => config,
    stopUpstream: () => replay.stop(),
  };
}

/**
 * A complete `config.json`; `docs/architecture.md` describes it.
 * @param {Record<string, any>} given
 * @returns {Record<string, any>}
 */
function pageConfig(given) {
  return { gateways: [], tokens: [], governors: [], fixedClockUnixMs: null, watch: [], note: null, ...given };
}
