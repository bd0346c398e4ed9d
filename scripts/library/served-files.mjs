/**
 * What the page's server may serve, where it lies, and how long a browser may keep it.
 *
 * A page consists of some seventy files. Were each asked for again at every reload, that would take longer than all else; so a page names
 * them below a version that changes when any of them does, and the browser keeps what it has of that version.
 */

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { root } from './paths.mjs';

const litVersion = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies['lit-html'];

/**
 * Folders that are served, the most specific prefix first. Only files of known types leave them. A published version of a package never
 * changes, nor does what lies below its prefix.
 */
const mounts = [
  { prefix: '/pkg/', folder: join(root, 'pkg'), isFixed: false },
  { prefix: '/bench/', folder: join(root, 'bench', 'page'), isFixed: false },
  { prefix: `/vendor/lit-html@${litVersion}/`, folder: join(root, 'node_modules', 'lit-html'), isFixed: true },
  { prefix: '/', folder: join(root, 'www'), isFixed: false },
];

/** What a version is the version of. */
const versionedFolders = [join(root, 'www'), join(root, 'pkg')];

/** `/~<version>/www/…` and `/~<version>/pkg/…`: side by side as in the repository, so that what a module imports is found in both. */
const versionedPath = /^\/~([0-9a-f]+)\/(www|pkg)(\/.*)$/;

/** @type {Record<string, string>} */
const contentTypes = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** A browser asks whether what it has is still right. */
const ASK_AGAIN = 'no-cache';
const KEEP = 'public, max-age=31536000, immutable';

/** @typedef {{ type: string, body: Buffer, tag: string, caching: string }} ServedFile */

/**
 * Where the file of a path would lie. Packages below a folder are not part of it.
 * @param {string} path decoded, starts with a slash
 */
export function mountedFile(path) {
  const mount = mounts.find(({ prefix }) => path.startsWith(prefix));
  if (mount === undefined || path.includes('/node_modules/')) return null;
  const name = path.slice(mount.prefix.length);
  const file = join(mount.folder, name === '' || name.endsWith('/') ? `${name}index.html` : name);
  return { folder: mount.folder, file, isFixed: mount.isFixed };
}

/**
 * The file behind a path, or null.
 * @param {string} path decoded, starts with a slash
 * @returns {Promise<ServedFile | null>}
 */
export async function servedFile(path) {
  const [, version, folder, rest] = path.match(versionedPath) ?? [];
  const mounted = mountedFile(rest === undefined ? path : folder === 'www' ? rest : `/${folder}${rest}`);
  const type = mounted === null ? undefined : contentTypes[extname(mounted.file)];
  if (mounted === null || type === undefined) return null;
  const read = await readMounted(mounted);
  if (read === null) return null;
  if (extname(mounted.file) === '.html') return versionedPage(read.body, type);
  return { ...read, type, caching: mounted.isFixed || (version !== undefined && version === newestVersion) ? KEEP : ASK_AGAIN };
}

/** @typedef {{ body: Buffer, tag: string }} Read */

/** What was read, by its file: a page's files are few and small. @type {Map<string, Read>} */
const reads = new Map();

/**
 * What a link leads to must lie in the served folder too.
 * @param {{ folder: string, file: string }} mounted
 * @returns {Promise<Read | null>}
 */
async function readMounted({ folder, file }) {
  try {
    const found = await stat(file);
    const tag = `"${[found.ino, found.size, Math.round(found.mtimeMs)].map((part) => part.toString(36)).join('-')}"`;
    const known = reads.get(file);
    if (known?.tag === tag) return known;
    const [real, realFolder] = await Promise.all([realpath(file), realpath(folder)]);
    if (!found.isFile() || !real.startsWith(realFolder + sep)) return null;
    const read = { body: await readFile(real), tag };
    reads.set(file, read);
    return read;
  } catch {
    return null;
  }
}

/** The version that was named last; what is served below an older one is served as it is now, and not kept. */
let newestVersion = '';

/**
 * A page whose references name the version.
 * @param {Buffer} page
 * @param {string} type
 * @returns {ServedFile}
 */
function versionedPage(page, type) {
  newestVersion = versionOf(versionedFolders);
  const text = page.toString().replace(/\b(href|src)="\/(pkg\/)?(?!vendor\/|config\.json)([^"]+)"/g, (_, attribute, pkg = 'www/', rest) =>
    `${attribute}="/~${newestVersion}/${pkg}${rest}"`);
  const body = Buffer.from(text);
  return { type, body, tag: `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`, caching: ASK_AGAIN };
}

/**
 * Of all files below these folders: their names, sizes and times.
 * @param {string[]} folders
 */
function versionOf(folders) {
  const hash = createHash('sha256');
  for (const file of folders.flatMap(filesBelow)) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file}\0${size}\0${mtimeMs}\0`);
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]));
}
