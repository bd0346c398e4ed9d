// A small HTTP server: a table of routes, the Beacon API's errors, and its content negotiation.
import { createServer } from "node:http";

const BODY_BYTES_MAX = 10_000_000;
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "*",
  "access-control-allow-methods": "*",
};

/** An error that the caller is told, with its status. */
export class HttpError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * @typedef {object} Exchange
 * @property {import("node:http").IncomingMessage} request
 * @property {import("node:http").ServerResponse} response
 * @property {URLSearchParams} query
 * @property {string[]} parameters what the route's pattern captured
 */
/** @typedef {[method: string, pattern: RegExp, handle: (exchange: Exchange) => unknown]} Route */

/**
 * Listens on the loopback interface; `port` 0 takes a free one.
 * @param {Route[]} routes @param {number} port
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export async function serve(routes, port) {
  const server = createServer((request, response) => void answer(routes, request, response));
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(undefined));
  });
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @param {import("node:http").ServerResponse} response @param {unknown} value @param {Record<string, string>} [headers] */
export function sendJson(response, value, headers = {}, status = 200) {
  response.writeHead(status, { "content-type": "application/json", ...CORS, ...headers });
  response.end(JSON.stringify(value));
}

/** @param {import("node:http").ServerResponse} response @param {Uint8Array} bytes @param {string} version */
export function sendSsz(response, bytes, version) {
  const headers = { "content-type": "application/octet-stream", "eth-consensus-version": version };
  response.writeHead(200, { ...headers, ...CORS });
  response.end(bytes);
}

/**
 * The wanted one of `offered`, by the Accept header's weights; the first of equals. None: 406.
 * @param {string | undefined} accept @param {string[]} offered media types
 */
export function negotiate(accept, offered) {
  if (!accept) return offered[0];
  const ranges = accept.split(",").map((part) => {
    const [type, ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const weight = parameters.find((text) => text.startsWith("q="));
    return { type, weight: weight ? Number(weight.slice(2)) : 1 };
  });
  const weightOf = (/** @type {string} */ type) => {
    const wildcard = `${type.split("/")[0]}/*`;
    const range = [type, wildcard, "*/*"].map((name) => ranges.find((range) => range.type === name)).find(Boolean);
    return range?.weight ?? 0;
  };
  const best = offered.reduce((left, right) => (weightOf(right) > weightOf(left) ? right : left));
  if (weightOf(best) > 0) return best;
  throw new HttpError(406, `Accept: ${accept} cannot be served; there is ${offered.join(" and ")}`);
}

/** @param {URLSearchParams} query @param {string} name */
export function naturalNumber(query, name) {
  const text = query.get(name);
  if (!text || !/^\d{1,15}$/.test(text)) throw new HttpError(400, `${name} must be a natural number`);
  return Number(text);
}

/** @param {URLSearchParams} query */
export const eventTopics = (query) => query.getAll("topics").flatMap((topics) => topics.split(","));

/** @param {import("node:http").IncomingMessage} request */
export async function readJsonBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw new HttpError(413, `the body is larger than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch (error) {
    throw new HttpError(400, `the body is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * @param {Route[]} routes
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
async function answer(routes, request, response) {
  try {
    if (request.method === "OPTIONS") return void response.writeHead(204, CORS).end();
    const url = new URL(request.url ?? "/", "http://localhost");
    for (const [method, pattern, handle] of routes) {
      const match = method === request.method && pattern.exec(url.pathname);
      if (!match) continue;
      return void (await handle({ request, response, query: url.searchParams, parameters: match.slice(1) }));
    }
    throw new HttpError(404, `unknown route ${request.method} ${url.pathname}`);
  } catch (error) {
    const status = error instanceof HttpError ? error.status : 500;
    if (status === 500) console.error(error);
    if (response.headersSent) return void response.destroy();
    sendJson(response, { code: status, message: error instanceof Error ? error.message : String(error) }, {}, status);
  }
}
