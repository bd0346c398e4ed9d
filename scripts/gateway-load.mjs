/**
 * What one gateway costs: a real gateway in front of a devnet with mainnet's slots, and many simulated tabs, which are native peers over
 * the real transport. CPU and memory of the gateway's process come from /proc, bytes from its metrics and from relays before some tabs.
 *
 *     npm run gateway-load -- --tabs 1000
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { startGateway } from './library/gateway.mjs';
import { cargoTarget, runFolder } from './library/paths.mjs';
import { PlainError, bold, heading, progress, runMain, table } from './library/report.mjs';
import { run } from './library/run.mjs';
import { ensureSetup } from './setup.mjs';

const help = `Usage: npm run gateway-load -- [options]

Prints what one gateway costs at a number of tabs: CPU, memory, bytes a day and tab.

  --tabs N[,N…]     how many tabs; several numbers print a curve (default: 1000)
  --seconds S       how long is measured once all are connected (default: 120)
  --slot-seconds S  of the devnet (default: 12, as mainnet)
  --dev             the programs as they are built for tests, without waiting for optimized ones
  --json FILE       writes the figures there too
  --help            this text`;

const ticksPerSecond = 100;
const secondsPerDay = 86_400;
/** What IPv4 and UDP add to each datagram. */
const datagramHeaderBytes = 28;
/** Each tab gets so many connections beside itself: its predecessor may not be given up yet. */
const spareConnections = 64;

/**
 * @typedef {{ sampled: number, down: number, up: number, downDatagrams: number, upDatagrams: number }} Relayed
 * @typedef {{ cpuSeconds: number, memoryBytes: number, responseBytes: number, atMs: number }} Sample
 * @typedef {object} Figures
 * @property {number} tabs wanted
 * @property {number} connected at the end of the measurement
 * @property {number} connectSeconds
 * @property {number} connectCpuSeconds of the gateway, for all of them together
 * @property {number} cpuPercent of one core, following
 * @property {number} memoryMegabytes
 * @property {number} memoryKilobytesPerTab beyond what the gateway has without tabs
 * @property {number} megabytesPerTabAndDay on the wire, both ways
 * @property {number} answersMegabytesPerTabAndDay as its metrics have it: responses alone, without gossip and without what the transport adds
 * @property {number} startKilobytesPerTab on the wire, both ways, until all tabs are connected
 * @property {number} gossipPerTab messages
 * @property {number} balances
 * @property {number} failures
 * @property {number} disconnects
 */

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      tabs: { type: 'string', default: '1000' }, seconds: { type: 'string', default: '120' }, 'slot-seconds': { type: 'string', default: '12' },
      dev: { type: 'boolean' }, json: { type: 'string' }, help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(help);
  const steps = values.tabs.split(',').map((text) => wholeNumber('--tabs', text));
  const [seconds, slotSeconds] = [wholeNumber('--seconds', values.seconds), wholeNumber('--slot-seconds', values['slot-seconds'])];
  await ensureSetup();
  const folder = join(runFolder, `gateway-load-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  /** @type {(() => Promise<void>)[]} */
  const stops = [async () => rmSync(folder, { recursive: true, force: true })];
  try {
    const programs = await build(values.dev ?? false);
    progress(`Starting a devnet with slots of ${slotSeconds} s …`);
    const { startDevnet } = await import(new URL('../tests/devnet/index.mjs', import.meta.url).href);
    const devnet = await startDevnet({ slotSeconds });
    stops.push(() => devnet.stop());
    /** @type {Figures[]} */
    const figures = [];
    for (const tabs of steps) figures.push(await measure(tabs, seconds, devnet, join(folder, String(tabs)), programs));
    report(figures, seconds);
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ cpus: cpus().length, dev: values.dev ?? false, slotSeconds, seconds, figures }, null, 2)}\n`);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
});

/** @param {string} name @param {string} text */
function wholeNumber(name, text) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new PlainError(`${name} wants whole numbers, not "${text}".`);
  return number;
}

/**
 * @param {boolean} dev
 * @returns {Promise<{ gateway: string, tabs: string }>}
 */
async function build(dev) {
  progress(`Building gateway and tabs (${dev ? 'dev' : 'release'}) …`);
  await run('cargo', ['build', '--locked', ...(dev ? ['--workspace'] : ['-p', 'lampyris-gateway', '--release']), '--bin', 'lampyris-gateway', '--example', 'tabs'], { quiet: true });
  const profile = join(cargoTarget, dev ? 'debug' : 'release');
  return { gateway: join(profile, 'lampyris-gateway'), tabs: join(profile, 'examples', 'tabs') };
}

/**
 * @param {number} tabs
 * @param {number} seconds
 * @param {any} devnet
 * @param {string} folder
 * @param {{ gateway: string, tabs: string }} programs
 * @returns {Promise<Figures>}
 */
async function measure(tabs, seconds, devnet, folder, programs) {
  progress(`${tabs} tabs: starting a gateway …`);
  const connections = String(tabs + spareConnections);
  const upstream = { beaconUrl: devnet.beaconUrl, executionUrl: devnet.executionUrl, network: devnet.network, checkpoint: devnet.checkpoint, fixedClockUnixMs: null };
  const gateway = await startGateway(upstream, folder, { program: programs.gateway, extraArguments: ['--connections', connections, '--tabs-per-address', connections] });
  try {
    const alone = await sample(gateway);
    progress(`${tabs} tabs: connecting …`);
    /** @type {{ measuring?: any, before?: Sample, measured?: any, after?: Sample }} */
    const seen = {};
    await runTabs(programs.tabs, [
      '--gateway', gateway.address, '--network', join(folder, 'network.json'), '--checkpoint', devnet.checkpoint,
      '--account', devnet.accounts[0].address, '--tabs', String(tabs), '--seconds', String(seconds),
    ], async (line) => {
      if (line.event === 'measuring') {
        Object.assign(seen, { measuring: line, before: await sample(gateway) });
        progress(`${tabs} tabs: ${line.connected} are connected after ${line.connectSeconds.toFixed(0)} s; measuring for ${seconds} s …`);
      } else {
        Object.assign(seen, { measured: line, after: await sample(gateway) });
      }
    });
    const { measuring, before, measured, after } = seen;
    if (measuring === undefined || before === undefined || measured === undefined || after === undefined) throw new PlainError('the tabs ended before they were measured');
    const tookSeconds = (after.atMs - before.atMs) / 1_000;
    const connected = Math.max(1, measured.connected);
    return {
      tabs,
      connected: measured.connected,
      connectSeconds: measuring.connectSeconds,
      connectCpuSeconds: before.cpuSeconds - alone.cpuSeconds,
      cpuPercent: (100 * (after.cpuSeconds - before.cpuSeconds)) / tookSeconds,
      memoryMegabytes: after.memoryBytes / 1e6,
      memoryKilobytesPerTab: (after.memoryBytes - alone.memoryBytes) / connected / 1e3,
      megabytesPerTabAndDay: (wireBytes(measured.bytesPerTab) / tookSeconds) * secondsPerDay / 1e6,
      answersMegabytesPerTabAndDay: ((after.responseBytes - before.responseBytes) / connected / tookSeconds) * secondsPerDay / 1e6,
      startKilobytesPerTab: wireBytes(measuring.startBytesPerTab) / 1e3,
      gossipPerTab: measured.gossipMessages / connected,
      balances: measured.balances,
      failures: measured.failures,
      disconnects: measured.disconnects,
    };
  } finally {
    await gateway.stop();
  }
}

/** @param {Relayed} relayed */
function wireBytes({ down, up, downDatagrams, upDatagrams }) {
  return down + up + (downDatagrams + upDatagrams) * datagramHeaderBytes;
}

/**
 * Runs the tabs to their end.
 * @param {string} program
 * @param {string[]} programArguments
 * @param {(line: any) => Promise<void>} onLine
 */
async function runTabs(program, programArguments, onLine) {
  const child = spawn(program, programArguments, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject));
  try {
    for await (const line of createInterface({ input: child.stdout })) await onLine(JSON.parse(line));
    const code = await ended;
    if (code !== 0) throw new PlainError(`the tabs ended with ${code}`);
  } finally {
    child.kill();
  }
}

/**
 * @param {import('./library/gateway.mjs').Gateway} gateway
 * @returns {Promise<Sample>}
 */
async function sample(gateway) {
  const atMs = performance.now();
  // Behind the program's name in parentheses: user and system time are the 12th and 13th field.
  const stat = readFileSync(`/proc/${gateway.pid()}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${gateway.pid()}/status`, 'utf8');
  const metrics = await (await fetch(new URL('metrics', gateway.metricsUrl))).text();
  const responseBytes = [...metrics.matchAll(/^lampyris_response_bytes_total\{[^}]*\} (\d+)$/gm)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  return {
    atMs,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    memoryBytes: 1_024 * Number(status.match(/^VmRSS:\s+(\d+) kB$/m)?.[1]),
    responseBytes,
  };
}

/** @param {Figures[]} figures @param {number} seconds */
function report(figures, seconds) {
  heading(`One gateway, following for ${seconds} s`);
  table(
    ['tabs', 'connected', 'CPU % of a core', 'memory MB', 'kB memory a tab', 'MB a tab and day', 'of it answers', 'kB a tab before', 'CPU ms a connect', 'gossip a tab', 'balances', 'failed', 'dropped'],
    figures.map((figure) => [
      figure.tabs, figure.connected, figure.cpuPercent.toFixed(1), figure.memoryMegabytes.toFixed(0), figure.memoryKilobytesPerTab.toFixed(0),
      figure.megabytesPerTabAndDay.toFixed(1), figure.answersMegabytesPerTabAndDay.toFixed(1), figure.startKilobytesPerTab.toFixed(0), ((1_000 * figure.connectCpuSeconds) / figure.tabs).toFixed(0),
      figure.gossipPerTab.toFixed(1), figure.balances, figure.failures, figure.disconnects,
    ].map(String)),
  );
  const largest = figures.at(-1);
  if (largest === undefined) return;
  const perTab = largest.cpuPercent / Math.max(1, largest.connected);
  const megabytesPerDay = largest.megabytesPerTabAndDay * 1_000;
  console.log(`\nFor 1,000 tabs, ${largest.connected >= 1_000 ? 'measured' : `extrapolated in proportion from ${largest.connected}`}: ${bold(`${(perTab * 1_000).toFixed(0)} % of a core`)}, `
    + `${bold(`${((largest.memoryMegabytes + (largest.memoryKilobytesPerTab / 1_000) * Math.max(0, 1_000 - largest.connected)) / 1_000).toFixed(2)} GB`)} of memory, `
    + `${bold(`${(megabytesPerDay / 1_000).toFixed(1)} GB a day`)} (${((megabytesPerDay * 8) / secondsPerDay).toFixed(1)} Mbit/s).`);
  console.log('"Before": until all were connected, with what the first ones followed meanwhile. On the wire, headers of IP and UDP included, both ways; sampled before some of the tabs. The devnet has the minimal preset: on mainnet each start costs 26 kB for the bootstrap\nand 27 kB for each period since the checkpoint more, each message 60 bytes.');
}
