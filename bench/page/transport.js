// Measures how a page asks a native peer over WebRTC: our swarm, or js-libp2p.

/** @typedef {(body: Uint8Array) => Promise<Uint8Array>} Ask */

const patienceMs = 30_000;

/**
 * Our swarm's wasm, without the client.
 * @param {string} module
 * @param {string} address
 * @returns {Promise<Ask>}
 */
async function ours(module, address) {
  const { default: load, Swarm } = await import(module);
  await load();
  const connected = Promise.withResolvers();
  const swarm = new Swarm({}, (/** @type {{ type: string, peer: string, reason: string }} */ { type, peer, reason }) => {
    if (type === "connected") connected.resolve(peer);
    if (type === "dial_failed") connected.reject(new Error(reason));
  });
  swarm.dial(address);
  const peer = await connected.promise;
  return (body) => swarm.request(peer, "state", body, patienceMs);
}

/**
 * @param {string} module
 * @param {string} address
 * @returns {Promise<Ask>}
 */
async function theirs(module, address) {
  return (await import(module)).connect(address);
}

/**
 * Milliseconds from the import until a first small answer, then of each large one.
 * @param {{ whose: "ours" | "theirs", module: string, address: string, bytes: number, times: number }} given
 */
export async function measure({ whose, module, address, bytes, times }) {
  const startedAt = performance.now();
  const ask = await (whose === "ours" ? ours : theirs)(module, address);
  await answered(ask, 1);
  const first = performance.now() - startedAt;
  const large = [];
  for (let time = 0; time < times; time += 1) {
    const askedAt = performance.now();
    await answered(ask, bytes);
    large.push(performance.now() - askedAt);
  }
  return { first, large };
}

/**
 * Asks the native peer, which answers with as many bytes as the question's last four say.
 * @param {Ask} ask
 * @param {number} bytes
 */
async function answered(ask, bytes) {
  const body = new Uint8Array(5);
  body[0] = 1;
  new DataView(body.buffer).setUint32(1, bytes, true);
  const answer = await ask(body);
  if (answer.length !== bytes || answer.at(-1) !== 7) throw new Error(`${answer.length} bytes instead of ${bytes}`);
}
