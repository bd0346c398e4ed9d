/**
 * The page's server: static files, the headers that the page is designed for, nothing else.
 *
 *     /             www/
 *     /pkg/         pkg/
 *     /vendor/…     the one dependency of the page, from node_modules
 *     /config.json  what the page is started with
 */

import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, sep } from 'node:path';
import { root } from './library/paths.mjs';

/** Folders that are served, the most specific prefix first. Only these types of file leave them. */
const mounts = [
  { prefix: '/pkg/', folder: join(root, 'pkg') },
  { prefix: '/bench/', folder: join(root, 'bench', 'page') },
  { prefix: '/vendor/lit-html/', folder: join(root, 'node_modules', 'lit-html') },
  { prefix: '/', folder: join(root, 'www') },
];

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

/**
 * The page may run its own scripts and wasm, talk to its own origin, to gateways by WebSocket (for WebRTC there is no rule), and nothing
 * else. Which gateways is the user's to say; without TLS only this machine is allowed, as browsers see it too.
 */
export const securityHeaders = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "connect-src 'self' wss: ws://127.0.0.1:* ws://localhost:*",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types lit-html lampyris',
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
};

/**
 * @typedef {object} PageServer
 * @property {string} url with a slash at its end
 * @property {number} port
 * @property {() => Promise<void>} stop
 */

/**
 * Serves the page.
 * @param {object} options
 * @param {() => unknown} options.config answers `/config.json`
 * @param {number} [options.port] the first that is tried; 0 lets the system choose
 * @param {string} [options.host] the own machine only, unless said otherwise
 * @returns {Promise<PageServer>}
 */
export async function servePage({ config, port = 0, host = '127.0.0.1' }) {
  const server = createServer((request, response) => {
    answer(request, response, config).catch((error) => {
      console.error(`the page's server: ${request.method} ${request.url}: ${error.stack}`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  const listening = await listenOnFreePort(server, port, host);
  return {
    url: `http://${host === '127.0.0.1' ? 'localhost' : host}:${listening}/`,
    port: listening,
    stop: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

/** How many ports after the wished one are tried. */
const portsTriedMax = 20;

/**
 * @param {import('node:http').Server} server
 * @param {number} wished
 * @param {string} host
 * @returns {Promise<number>}
 */
async function listenOnFreePort(server, wished, host) {
  for (let port = wished; ; port += 1) {
    try {
      await new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve(undefined);
        });
      });
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!taken || port >= wished + portsTriedMax) throw error;
    }
  }
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {() => unknown} config
 */
async function answer(request, response, config) {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const path = requestedPath(request.url ?? '/');
  if (path === '/config.json') {
    response.writeHead(200, { 'content-type': contentTypes['.json'] }).end(JSON.stringify(await config()));
    return;
  }
  const file = path === null ? null : await servedFile(path);
  if (file === null) {
    response.writeHead(404, { 'content-type': contentTypes['.txt'] }).end('not found\n');
    return;
  }
  sendFile(request, response, file);
}

/**
 * The decoded path of a URL, or null for one that is not plain.
 * @param {string} url
 */
function requestedPath(url) {
  try {
    const path = decodeURIComponent(url.split(/[?#]/, 1)[0] ?? '/');
    const plain = path.startsWith('/') && !/[\\\0]/.test(path) && !path.split('/').some((part) => part.startsWith('.'));
    return plain ? path : null;
  } catch {
    return null;
  }
}

/**
 * Where the file of a path would lie. Packages below a folder are not part of it.
 * @param {string} path decoded, starts with a slash
 */
export function mountedFile(path) {
  const mount = mounts.find(({ prefix }) => path.startsWith(prefix));
  if (mount === undefined || path.includes('/node_modules/')) return null;
  const name = path.slice(mount.prefix.length);
  return { folder: mount.folder, file: join(mount.folder, name === '' || name.endsWith('/') ? `${name}index.html` : name) };
}

/** @typedef {{ path: string, type: string, size: number, tag: string }} ServedFile */

/**
 * The file behind a path, or null. What a link leads to must lie in the served folder too.
 * @param {string} path
 * @returns {Promise<ServedFile | null>}
 */
async function servedFile(path) {
  const mounted = mountedFile(path);
  const type = mounted === null ? undefined : contentTypes[extname(mounted.file)];
  if (mounted === null || type === undefined) return null;
  try {
    const [file, folder] = await Promise.all([realpath(mounted.file), realpath(mounted.folder)]);
    if (!file.startsWith(folder + sep)) return null;
    const { size, mtimeMs, isFile } = await stat(file).then((found) => ({ ...found, isFile: found.isFile() }));
    return isFile ? { path: file, type, size, tag: `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"` } : null;
  } catch {
    return null;
  }
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {ServedFile} file
 */
function sendFile(request, response, file) {
  if (request.headers['if-none-match'] === file.tag) {
    response.writeHead(304, { etag: file.tag }).end();
    return;
  }
  response.writeHead(200, { 'content-type': file.type, 'content-length': file.size, etag: file.tag });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  createReadStream(file.path).on('error', () => response.destroy()).pipe(response);
}
