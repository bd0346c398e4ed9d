/**
 * How much a tab downloads: each wasm, and the page with everything else that it loads.
 *
 *     npm run size [-- --json]
 */

import { existsSync, readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from './build.mjs';
import { runMain, table } from './library/report.mjs';
import { mountedFile } from './library/served-files.mjs';
import { ensureSetup } from './setup.mjs';

const help = `Usage: npm run size [-- --json]

Prints raw, gzip -9 and brotli -11 sizes of each wasm and of the page without them, and what
brotli's may be at most.

  --json   as [{ "file", "raw", "gzip", "brotli", "budget" }]`;

/** @typedef {{ file: string, raw: number, gzip: number, brotli: number, budget?: number }} Size */

/**
 * What a visitor may be asked to download, in bytes of brotli; a test holds us to it. Lower it when something becomes smaller.
 * @type {Record<string, number | undefined>}
 */
const budgets = { 'lampyris_core_bg.wasm': 150_000, 'lampyris_net_bg.wasm': 410_000, page: 146_000 };

/**
 * Sizes of each wasm, then of all scripts, styles and pictures of the page together, each compressed by itself as a server would.
 * @returns {Size[]}
 */
export function sizes() {
  const files = filesOfPage();
  const isWasm = (/** @type {string} */ file) => extname(file) === '.wasm';
  const page = files.filter((file) => !isWasm(file)).map(sizeOf);
  /** @param {'raw' | 'gzip' | 'brotli'} kind */
  const total = (kind) => page.reduce((sum, size) => sum + size[kind], 0);
  return [
    ...files.filter(isWasm).map(sizeOf),
    { file: 'page', raw: total('raw'), gzip: total('gzip'), brotli: total('brotli'), budget: budgets['page'] },
  ];
}

/**
 * Every file that the page can load, found by following its references from `index.html`.
 * @returns {string[]} paths
 */
export function filesOfPage() {
  /** @type {Map<string, string>} */
  const found = new Map();
  const waiting = ['/index.html'];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const mounted = mountedFile(path);
    if (found.has(path) || mounted === null || !existsSync(mounted.file)) continue;
    found.set(path, mounted.file);
    if (['.html', '.js', '.mjs', '.css'].includes(extname(path))) waiting.push(...references(path, readFileSync(mounted.file, 'utf8')));
  }
  return [...found.values()].sort();
}

/** What a file refers to: imports, `new URL(…, import.meta.url)`, attributes, and `url(…)` of styles. */
const referencePatterns = {
  script: [
    /\b(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/g,
    /\bimport\s*['"]([^'"]+)['"]/g,
    /\bimport\(\s*(?:\/\*.*?\*\/\s*)?['"]([^'"]+)['"]/g,
    /\bnew URL\(\s*['"`]([^'"`?$]+)[^,]*,\s*import\.meta\.url/g,
  ],
  markup: [/\b(?:src|href)="([^"#?]+)"/g],
  style: [/url\(\s*['"]?([^'")]+)['"]?\s*\)/g, /@import\s+['"]([^'"]+)['"]/g],
};

/** @param {string} path @param {string} text */
function references(path, text) {
  const patterns = { '.html': referencePatterns.markup, '.css': referencePatterns.style }[extname(path)] ?? referencePatterns.script;
  const code = text.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, '');
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)])
    .map((match) => match[1] ?? '')
    .filter((reference) => /^(\.{0,2}\/|[\w-]+[./])/.test(reference) && !reference.includes(':'))
    .map((reference) => new URL(reference, `http://page${path}`).pathname);
}

/** @param {string} file @returns {Size} */
function sizeOf(file) {
  const bytes = readFileSync(file);
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  const name = basename(file);
  return { file: name, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotli.length, budget: budgets[name] };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async () => {
    const { values } = parseArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
    if (values.help) return console.log(help);
    const print = console.log;
    if (values.json) console.log = console.error;
    await ensureSetup();
    await build({ native: false });
    console.log = print;
    const measured = sizes();
    if (values.json) return console.log(JSON.stringify(measured, null, 2));
    const kilobytes = (/** @type {number} */ bytes) => `${(bytes / 1000).toFixed(1)} kB`;
    const rows = measured.map(({ file, raw, gzip, brotli, budget }) => [file, ...[raw, gzip, brotli].map(kilobytes), budget === undefined ? '' : kilobytes(budget)]);
    table(['file', 'raw', 'gzip', 'brotli', 'budget'], rows);
  });
}
