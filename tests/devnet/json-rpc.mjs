// JSON-RPC over HTTP, for the execution client's public port and for its Engine API.

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
