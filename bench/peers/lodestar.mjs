/** Lodestar's light client (ChainSafe/lodestar), as a page would bundle it, and with the native library that it takes in Node. */

import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { moduleIn } from '../places.mjs';

const folder = fileURLToPath(new URL('..', import.meta.url));

/**
 * What is used of esbuild, which is installed for measurements only.
 * @typedef {{ path: string, resolveDir: string, kind: string }} Asked
 *
 * @typedef {object} PluginBuild
 * @property {(options: { filter: RegExp }, callback: (asked: Asked) => unknown) => void} onResolve
 * @property {(options: { filter: RegExp, namespace: string }, callback: () => unknown) => void} onLoad
 * @property {(path: string, options: { resolveDir: string, kind: string }) => unknown} resolve
 */
const bundler = 'esbuild';

/** What CommonJS packages expect to find in Node. */
const commonJs = [
  "import { createRequire } from 'node:module';",
  'const require = createRequire(import.meta.url);',
  'const __filename = new URL(import.meta.url).pathname;',
  "const __dirname = new URL('.', import.meta.url).pathname;",
].join('\n');

/** @param {import('../places.mjs').Place} place */
const bundleOf = (place) => `page/generated/lodestar-${place}.js`;

/**
 * Bundles it with the library for signatures that a page would get, in both places: herumi's WebAssembly, the only one that browsers can run.
 * @param {import('../places.mjs').Place} place
 */
export async function build(place) {
  const { build } = await import(bundler);
  await build({
    entryPoints: [join(folder, 'peers', 'lodestar-entry.js')],
    outfile: join(folder, bundleOf(place)),
    bundle: true,
    format: 'esm',
    platform: place === 'node' ? 'node' : 'browser',
    target: 'es2022',
    logLevel: 'error',
    ...(place === 'node' ? { banner: { js: commonJs } } : { inject: [join(folder, 'peers', 'lodestar-buffer.js')] }),
    plugins: [{ name: 'signatures', setup: withHerumi }, ...(place === 'node' ? [] : [{ name: 'as in a page', setup: withoutNode }])],
  });
}

/** @param {PluginBuild} build */
function withHerumi({ onResolve, resolve }) {
  onResolve({ filter: /^@chainsafe\/bls$/ }, ({ resolveDir, kind }) => resolve('@chainsafe/bls/herumi', { resolveDir, kind }));
}

/**
 * What Node alone has (and what imitates there what browsers have) is empty, as in bundles for pages: none of it is called here.
 * @param {PluginBuild} build
 */
function withoutNode({ onResolve, onLoad }) {
  const nodeOnly = new RegExp(`^(node:)?(${builtinModules.join('|')})$|^eventsource$`);
  onResolve({ filter: nodeOnly }, ({ path }) => ({ path, namespace: 'empty' }));
  onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'module.exports = {}' }));
}

/**
 * Its configurations in a place, by the name of the peer in the results.
 * @param {import('../places.mjs').Place} place
 * @returns {Record<string, string>}
 */
export function modulesIn(place) {
  const portable = { lodestar: moduleIn(place, bundleOf(place)) };
  return place === 'node' ? { ...portable, lodestar_native_blst: moduleIn(place, 'peers/lodestar-entry.js') } : portable;
}
