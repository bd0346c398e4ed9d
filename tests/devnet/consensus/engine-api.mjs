// The Engine API: JSON-RPC with a JWT.
import { createHmac } from "node:crypto";
import { jsonRpc } from "../json-rpc.mjs";

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
