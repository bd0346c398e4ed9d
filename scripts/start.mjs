/**
 * The demo: sets up, builds, starts a whole Lampyris on this machine, and says where the page is.
 */

import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { PlainError, bold, dim, progress, runMain } from './library/report.mjs';
import { ensureSetup } from './setup.mjs';
import { replayNames, startStack } from './stack.mjs';

const help = `Usage: npm start [-- options]

Starts a whole Lampyris on this machine: a small Ethereum network (or a recording of mainnet),
gateways in front of it, and the page. Ctrl-C stops all of it.

  --replay NAME   real bytes of mainnet at a fixed clock instead of the devnet: ${replayNames.join(' or ')}
  --port N        of the page; the next free one is taken if it is in use (default 8080)
  --gateways N    how many gateways (default 2)
  --fast          builds the wasm quickly and large
  --no-setup      skips the check of what is installed
  --no-build      uses what is built
  --help          this text`;

await runMain(async () => {
  const options = readOptions();
  if (options === null) return console.log(help);
  if (options.setup) await ensureSetup();
  if (options.build) await build({ fast: options.fast });
  const stack = await startStack({
    replay: options.replay,
    gateways: options.gateways,
    port: options.port,
    onProgress: progress,
  });
  announce(stack, options.replay);
  await interruption();
  progress('Stopping …');
  await stack.stop();
  progress('Stopped');
  process.exit(0);
});

/** @returns {{ replay: string | null, port: number, gateways: number, fast: boolean, setup: boolean, build: boolean } | null} null asks for help */
function readOptions() {
  const { values } = parseArgs({
    options: {
      replay: { type: 'string' },
      port: { type: 'string', default: '8080' },
      gateways: { type: 'string', default: '2' },
      fast: { type: 'boolean', default: false },
      'no-setup': { type: 'boolean', default: false },
      'no-build': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const replay = values.replay ?? null;
  if (replay !== null && !replayNames.some((name) => name === replay)) {
    throw new PlainError(`--replay knows ${replayNames.join(' and ')}, not "${replay}".`);
  }
  return {
    replay,
    port: wholeNumber('--port', values.port, 65_535),
    gateways: wholeNumber('--gateways', values.gateways, 20),
    fast: values.fast,
    setup: !values['no-setup'],
    build: !values['no-build'],
  };
}

/** @param {string} option @param {string} text @param {number} max */
function wholeNumber(option, text, max) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max) throw new PlainError(`${option} takes a number from 0 to ${max}, not "${text}".`);
  return value;
}

/**
 * @param {import('./stack.mjs').Stack} stack
 * @param {string | null} replay
 */
function announce(stack, replay) {
  progress('Everything runs');
  console.log(`\n  ${bold(stack.url)}\n`);
  console.log(replay === null ? '  A devnet with 1 s slots: an execution client and a beacon chain.' : `  A replay of mainnet (${replay}) at a fixed clock.`);
  if (stack.devnet !== null) {
    console.log('  Two accounts with ether, tokens and votes; import their keys in the page:');
    for (const { address, privateKey } of [stack.devnet.accounts[0], stack.devnet.accounts[1]]) console.log(`    ${address}  key ${privateKey}`);
  }
  stack.gateways.forEach((gateway, index) => {
    console.log(`  Gateway ${index + 1} (process ${gateway.pid()}): ${gateway.address}`);
    console.log(dim(`            log ${gateway.log}, health ${gateway.metricsUrl}health`));
  });
  console.log('\n  Ctrl-C stops all of it.\n');
}

/** Waits for the wish to end. A second Ctrl-C does not wait. */
async function interruption() {
  await new Promise((resolve) => {
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve(undefined);
      });
    }
  });
}
