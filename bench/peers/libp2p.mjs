/** js-libp2p (libp2p/js-libp2p), as a page would bundle it; it is installed for the tests of how it meets our peers. */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../../scripts/library/paths.mjs';

const bundler = 'esbuild';
const folder = fileURLToPath(new URL('..', import.meta.url));

/** Where the page finds it. */
export const path = '/bench/generated/libp2p.js';

export async function build() {
  const { build } = await import(bundler);
  await build({
    entryPoints: [join(folder, 'peers', 'libp2p-entry.js')],
    outfile: join(folder, 'page', 'generated', 'libp2p.js'),
    nodePaths: [join(root, 'tests', 'interop', 'node_modules')],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2023',
    logLevel: 'error',
  });
}
