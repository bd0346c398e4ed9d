// JSON-RPC to the execution client: its public port, and the Engine API with its JWT.
import { createHmac } from "node:crypto";

const TIMEOUT_MS = 20_000;
let nextRequestId = 1;

/**
 * @param {string} url
 * @param {string} method
 * @param {unknown[]} params
 * @param {Record<string, string>} [headers]
 */
export async function jsonRpc(url, method, params, headers = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", id: nextRequestId++, method, params }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer = await response.json();
  if (answer.error) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
  return answer.result;
}

/**
 * Answers a function that calls Engine API methods; a payload status other than VALID throws.
 * @param {string} url
 * @param {string} jwtSecret hex
 */
export function engineClient(url, jwtSecret) {
  const secret = Buffer.from(jwtSecret, "hex");
  return (/** @type {string} */ method, /** @type {unknown[]} */ ...params) =>
    jsonRpc(url, method, params, { authorization: `Bearer ${token(secret)}` });
}

/** @param {{ status: string }} payloadStatus @param {string} method */
export function assertValid(payloadStatus, method) {
  if (payloadStatus.status !== "VALID") {
    throw new Error(`${method}: expected VALID, got ${JSON.stringify(payloadStatus)}`);
  }
}

/** @param {Buffer} secret */
function token(secret) {
  const encode = (/** @type {object} */ part) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ iat: Math.floor(Date.now() / 1000) })}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}
