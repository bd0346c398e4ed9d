/**
 * What stays behind after thousands of connections and requests: a tab in Chromium against one gateway, on recorded mainnet.
 *
 *     npm run soak -- --cycles 2000 --requests 10000
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { launch } from '../tests/browser/browser.mjs';
import { soaker } from '../tests/browser/soak.mjs';
import { build } from './build.mjs';
import { PlainError, bold, duration, green, heading, progress, red, runMain, table } from './library/report.mjs';
import { ensureSetup } from './setup.mjs';
import { startStack } from './stack.mjs';

const help = `Usage: npm run soak -- [options]

Connects, asks and closes over and over, then asks over and over on one connection. Prints what the gateway
and the tab hold as a curve, and whether it stays flat after the first fifth; exit code 1 if it does not.

  --cycles N     of connecting, asking and closing (default: 2000)
  --requests N   on one connection (default: 10000)
  --fast         builds the wasm quickly and large
  --json FILE    writes the curves there too
  --help         this text`;

/** Rows of each curve. */
const parts = 10;

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      cycles: { type: 'string', default: '2000' }, requests: { type: 'string', default: '10000' },
      fast: { type: 'boolean' }, json: { type: 'string' }, help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(help);
  const wishes = /** @type {const} */ ([['cycles', wholeNumber('--cycles', values.cycles)], ['requests', wholeNumber('--requests', values.requests)]]);
  await ensureSetup();
  await build({ fast: values.fast ?? false });
  const [stack, browser] = [await startStack({ replay: 'fulu', gateways: 1 }), await launch()];
  try {
    /** @type {Record<string, import('../tests/browser/soak.mjs').Curve>} */
    const curves = {};
    for (const [what, times] of wishes) {
      const { curve, close } = await soaker(browser, stack);
      curves[what] = await curve(what, times, parts, (done) => progress(`${done} of ${times} ${what}`));
      await close();
      report(what, times, curves[what]);
    }
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(curves, null, 1)}\n`);
    return Object.values(curves).every(({ grown }) => grown.length === 0) ? 0 : 1;
  } finally {
    await browser.close();
    await stack.stop();
  }
});

/** @param {string} name @param {string} text */
function wholeNumber(name, text) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < parts) throw new PlainError(`${name} wants a whole number of ${parts} or more, not "${text}".`);
  return number;
}

/**
 * @param {'cycles' | 'requests'} what
 * @param {number} times
 * @param {import('../tests/browser/soak.mjs').Curve} curve
 */
function report(what, times, { rows, grown, refused }) {
  heading(what === 'cycles' ? `${times} cycles of connecting, asking and closing` : `${times} requests on one connection`);
  table(['done', 'gateway MB', 'channels', 'files', 'tab heap MB', 'wasm MB', 'channels', 'connections', 'after'],
    rows.map((row) => [String(row.done), row.gatewayMegabytes.toFixed(1), String(row.gatewayChannels), String(row.gatewayFiles), row.tabMegabytes.toFixed(2),
      row.tabWasmMegabytes.toFixed(2), String(row.tabChannels), String(row.tabConnections), duration(row.seconds * 1_000)]));
  if (refused > 0) console.log(`${refused} requests were refused for their number, which is an answer too.`);
  console.log(grown.length === 0 ? green('flat after the first fifth') : bold(red(`grows: ${grown.join(', ')}`)));
}
