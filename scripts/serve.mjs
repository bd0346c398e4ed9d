/**
 * The page's server: static files, the headers that the page is designed for, nothing else.
 *
 *     /                           www/; the page names its files below the next
 *     /~<version>/{www,pkg}/      the same, kept by browsers, see `library/served-files.mjs`
 *     /pkg/                       pkg/
 *     /vendor/lit-html@<version>/ the one dependency of the page, from node_modules
 *     /config.json                what the page is started with
 */

import { createServer } from 'node:http';
import { servedFile } from './library/served-files.mjs';

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
    response.writeHead(200, plain('application/json')).end(JSON.stringify(await config()));
    return;
  }
  const file = path === null ? null : await servedFile(path);
  if (file === null) {
    response.writeHead(404, plain('text/plain')).end('not found\n');
    return;
  }
  sendFile(request, response, file);
}

/**
 * Headers of what is made for one answer.
 * @param {string} type
 */
function plain(type) {
  return { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-cache' };
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
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {import('./library/served-files.mjs').ServedFile} file
 */
function sendFile(request, response, { type, body, tag, caching }) {
  const headers = { etag: tag, 'cache-control': caching };
  if (request.headers['if-none-match'] === tag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'content-type': type, 'content-length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}
