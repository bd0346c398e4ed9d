/** Where measurements run: in a process of Node and in a page of Chromium, each with nothing else in it. */

import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findChromium } from '../scripts/library/paths.mjs';

/** Both places, in the order in which they are measured. */
export const places = /** @type {const} */ (['node', 'chromium']);

/**
 * @typedef {typeof places[number]} Place
 * @typedef {'consensus' | 'firstCatchUp' | 'proofs'} Measurement
 */

const folder = fileURLToPath(new URL('.', import.meta.url));
/** The page's origin: nothing leaves the machine. */
const origin = 'https://bench.invalid/';
const contentTypes = new Map([['.js', 'text/javascript'], ['.mjs', 'text/javascript'], ['.wasm', 'application/wasm']]);
const chromiumFlags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

/** @returns {Promise<import('playwright-core').Browser>} */
export async function startChromium() {
  const { chromium } = await import('playwright-core');
  return await chromium.launch({ executablePath: findChromium() ?? undefined, args: chromiumFlags });
}

/**
 * What a module is imported as in a place.
 * @param {Place} place
 * @param {string} file below `bench`
 */
export function moduleIn(place, file) {
  return place === 'node' ? pathToFileURL(join(folder, file)).href : new URL(file, origin).href;
}

/**
 * Runs a measurement of `measure/` in a place that is new.
 * @param {Place} place
 * @param {Measurement} measurement
 * @param {object} given
 * @returns {Promise<any>}
 */
export async function runIn(place, measurement, given) {
  return await (place === 'node' ? runInNode(measurement, given) : runInChromium(measurement, given));
}

/**
 * @param {Measurement} measurement
 * @param {object} given
 */
function runInNode(measurement, given) {
  return new Promise((resolve, reject) => {
    const child = fork(join(folder, 'measure', 'node.mjs'));
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the measurement in Node ended with ${code}`)));
    child.send({ measurement, given });
  });
}

/**
 * @param {Measurement} measurement
 * @param {object} given
 */
async function runInChromium(measurement, given) {
  const browser = await startChromium();
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(error));
    await page.route('**/*', (route) => route.fulfill(responseTo(new URL(route.request().url()))));
    await page.goto(origin);
    return await page.evaluate(async ([module, measurement, given]) => (await import(module)).run(measurement, given),
      /** @type {const} */ ([new URL('measure/browser.js', origin).href, measurement, given]));
  } finally {
    await browser.close();
  }
}

/**
 * The files below `bench`, and an empty page.
 * @param {URL} url
 */
function responseTo({ pathname }) {
  const file = join(folder, normalize(pathname));
  const contentType = contentTypes.get(extname(file));
  if (contentType === undefined || !existsSync(file)) return { contentType: 'text/html', body: '<!doctype html>' };
  return { contentType, body: readFileSync(file) };
}
