/** Runs gateways, honest and lying ones, for the demo and the tests. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
 * @property {string | undefined} controlUrl where a liar is told what to lie about
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
  /** @param {Ports} ports free ones at first, and from then on the same */
  const programArguments = ({ webRtc, webSocket, metrics }) => [
    '--network', networkArgument(upstream.network, folder),
    '--beacon', upstream.beaconUrl,
    '--execution', upstream.executionUrl,
    '--checkpoint', upstream.checkpoint,
    '--listen', `127.0.0.1:${webRtc}`,
    '--listen-websocket', `127.0.0.1:${webSocket}`,
    '--data', join(folder, 'data'),
    '--metrics', `127.0.0.1:${metrics}`,
    ...(upstream.fixedClockUnixMs === null ? [] : ['--fixed-clock', String(upstream.fixedClockUnixMs)]),
    ...extraArguments,
  ];
  const log = join(folder, 'log.txt');
  /** @param {Ports} [ports] */
  const launch = async (ports = { webRtc: '0', webSocket: '0', metrics: '0' }) => {
    rmSync(log, { force: true });
    const started = startLongRunning(isAbsolute(program) ? program : nativeProgram(program), programArguments(ports), log);
    return { process: started, places: await listeningPlaces(program, started, log) };
  };
  let current = await launch();
  const { webRtc, webSocket, metricsUrl, controlUrl } = current.places;
  const addresses = [webRtc, webSocket];
  return {
    address: webRtc,
    addresses,
    metricsUrl,
    controlUrl,
    log,
    pid: () => current.process.pid,
    kill: async () => {
      current.process.signal('SIGKILL');
      await current.process.exited;
    },
    restart: async () => {
      const port = (/** @type {string} */ address) => address.match(/\/(?:udp|tcp)\/(\d+)\//)?.[1] ?? '0';
      current = await launch({ webRtc: port(webRtc), webSocket: port(webSocket), metrics: new URL(metricsUrl).port });
      const { places } = current;
      if (places.webRtc !== webRtc || places.webSocket !== webSocket) {
        throw new PlainError(`the gateway's addresses changed from ${addresses} to ${places.webRtc},${places.webSocket}`);
      }
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

/** @typedef {{ webRtc: string, webSocket: string, metrics: string }} Ports */

/**
 * Where a program says that it listens; of its control it says so before its addresses, if it has one.
 * @param {string} program
 * @param {import('./processes.mjs').LongRunning} started
 * @param {string} log
 */
async function listeningPlaces(program, started, log) {
  /** @type {string | null} */
  let ended = null;
  started.exited.then((reason) => (ended = reason));
  return waitFor(`${program} did not say where it listens (${log})`, readyTimeoutMs, () => {
    const text = readFileSync(log, 'utf8');
    if (ended !== null) throw new PlainError(`${program} ended (${ended}) before it was ready:\n${lastWords(text)}`);
    const said = (/** @type {RegExp} */ what) => text.match(what)?.[1];
    const [webRtc, webSocket] = [said(/listening on (\/\S+\/webrtc-direct\/\S+)\n/), said(/listening on (\/\S+\/ws\/\S+)\n/)];
    const metrics = said(/health and metrics on (\S+)\n/);
    if (webRtc === undefined || webSocket === undefined || metrics === undefined) return undefined;
    return { webRtc, webSocket, metricsUrl: `${metrics}/`, controlUrl: said(/control on (\S+)\n/) };
  });
}

/**
 * What a program said at last, without the trace of calls behind it.
 * @param {string} text
 */
function lastWords(text) {
  const [words = ''] = text.split(/\n\s*Stack backtrace:/i);
  return words.trimEnd().split('\n').slice(-15).join('\n');
}
