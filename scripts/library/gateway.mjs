/** Runs gateways, honest and lying ones, for the demo and the tests. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { isAbsolute, join } from 'node:path';
import { nativeProgram } from '../build.mjs';
import { startLongRunning, waitFor } from './processes.mjs';
import { PlainError } from './report.mjs';

/** A gateway prints its address once it follows the chain. */
const readyTimeoutMs = 60_000;

/**
 * What a gateway stands in front of.
 * @typedef {object} Upstream
 * @property {string} beaconUrl
 * @property {string} executionUrl
 * @property {string | Record<string, unknown>} network a name or the contents of a `network.json`
 * @property {string} checkpoint
 * @property {number | null} fixedClockUnixMs
 */

/**
 * @typedef {object} Gateway
 * @property {string} address where tabs dial it by WebRTC; the same after a restart
 * @property {string[]} addresses this one, then the one for WebSocket
 * @property {string} metricsUrl
 * @property {string} log path of its log
 * @property {() => number} pid
 * @property {() => Promise<void>} kill ends it as a crash would
 * @property {() => Promise<void>} restart starts it again, on the same port with the same identity
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a gateway and waits until it can be dialled.
 * @param {Upstream} upstream
 * @param {string} folder for its identity, its network file and its log
 * @param {{ program?: string, extraArguments?: string[] }} [options]
 * @returns {Promise<Gateway>}
 */
export async function startGateway(upstream, folder, { program = 'lampyris-gateway', extraArguments = [] } = {}) {
  mkdirSync(folder, { recursive: true });
  const metrics = `127.0.0.1:${await freeTcpPort()}`;
  /** @param {string} port @param {string} webSocketPort free ones at first, and from then on the same */
  const programArguments = (port, webSocketPort) => [
    '--network', networkArgument(upstream.network, folder),
    '--beacon', upstream.beaconUrl,
    '--execution', upstream.executionUrl,
    '--checkpoint', upstream.checkpoint,
    '--listen', `127.0.0.1:${port}`,
    '--listen-websocket', `127.0.0.1:${webSocketPort}`,
    '--data', join(folder, 'data'),
    '--metrics', metrics,
    ...(upstream.fixedClockUnixMs === null ? [] : ['--fixed-clock', String(upstream.fixedClockUnixMs)]),
    ...extraArguments,
  ];
  const log = join(folder, 'log.txt');
  const launch = async (port = '0', webSocketPort = '0') => {
    rmSync(log, { force: true });
    const started = startLongRunning(isAbsolute(program) ? program : nativeProgram(program), programArguments(port, webSocketPort), log);
    return { process: started, addresses: await listeningAddresses(program, started, log) };
  };
  let current = await launch();
  const { addresses } = current;
  return {
    address: addresses[0],
    addresses,
    metricsUrl: `http://${metrics}/`,
    log,
    pid: () => current.process.pid,
    kill: async () => {
      current.process.signal('SIGKILL');
      await current.process.exited;
    },
    restart: async () => {
      current = await launch(...addresses.map((address) => address.match(/\/(?:udp|tcp)\/(\d+)\//)?.[1]));
      if (`${current.addresses}` !== `${addresses}`) throw new PlainError(`the gateway's addresses changed from ${addresses} to ${current.addresses}`);
    },
    stop: () => current.process.stop(),
  };
}

/** @param {Upstream['network']} network @param {string} folder */
function networkArgument(network, folder) {
  if (typeof network === 'string') return network;
  const file = join(folder, 'network.json');
  writeFileSync(file, JSON.stringify(network, null, 2));
  return file;
}

/**
 * @param {string} program
 * @param {import('./processes.mjs').LongRunning} started
 * @param {string} log
 * @returns {Promise<[string, string]>}
 */
async function listeningAddresses(program, started, log) {
  /** @type {string | null} */
  let ended = null;
  started.exited.then((reason) => (ended = reason));
  return waitFor(`${program} did not say where it listens (${log})`, readyTimeoutMs, () => {
    const text = readFileSync(log, 'utf8');
    if (ended !== null) throw new PlainError(`${program} ended (${ended}) before it was ready:\n${text.trimEnd().split('\n').slice(-15).join('\n')}`);
    const address = (/** @type {string} */ transport) => text.match(new RegExp(`listening on (/\\S+/${transport}/\\S+)\\n`))?.[1];
    const [webRtc, webSocket] = [address('webrtc-direct'), address('ws')];
    return webRtc === undefined || webSocket === undefined ? undefined : /** @type {[string, string]} */ ([webRtc, webSocket]);
  });
}

/** @returns {Promise<number>} a TCP port that was free a moment ago */
function freeTcpPort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
