// Measures the verifying core in this page. The caller brings the recorded data.
import init, { Chain, bootstrap_bytes, proof_bytes, update_bytes, verify_account } from "./generated/lampyris_bench.js";

/**
 * Milliseconds for each update of a chain, each run from a fresh store: decode, verify, apply.
 * @param {{ fork: string, checkpoint: string, bootstrap: string, updates: string[] }} chain JSON of the Beacon API
 * @param {number} runs
 * @returns {Promise<number[]>}
 */
export async function updates({ fork, checkpoint, bootstrap, updates }, runs) {
  await init();
  const start = bootstrap_bytes(bootstrap, fork);
  const messages = updates.map((update) => update_bytes(update, fork));
  const times = [];
  for (let run = 0; run < runs; run += 1) {
    const chain = new Chain(start, fork, checkpoint);
    for (const message of messages) {
      const startedAt = performance.now();
      chain.apply(message, fork);
      times.push(performance.now() - startedAt);
    }
    chain.free();
  }
  return times;
}

/**
 * Milliseconds to verify one account, from the bytes that a peer sends; batches, because one is too quick for the clock.
 * @param {{ stateRoot: string, address: string, nodes: string[], balance: string }} account
 * @param {number} batches
 * @param {number} batchSize
 * @returns {Promise<number[]>}
 */
export async function accountProofs({ stateRoot, address, nodes, balance }, batches, batchSize) {
  await init();
  const proof = proof_bytes(JSON.stringify(nodes));
  if (verify_account(proof, stateRoot, address) !== balance) throw new Error("the proof gives another balance");
  const times = [];
  for (let batch = 0; batch < batches; batch += 1) {
    const startedAt = performance.now();
    for (let index = 0; index < batchSize; index += 1) verify_account(proof, stateRoot, address);
    times.push((performance.now() - startedAt) / batchSize);
  }
  return times;
}

/**
 * Milliseconds from the import of the npm package until its client has a verified head.
 * @returns {Promise<number>}
 */
export async function clientStart() {
  const startedAt = performance.now();
  const [{ createClient }, config] = await Promise.all([import("/pkg/index.js"), fetch("/config.json").then((response) => response.json())]);
  const client = await createClient(config);
  await new Promise((resolve) => {
    client.addEventListener("status", ({ detail }) => detail.phase === "synced" && resolve(undefined));
    client.state().then(({ phase }) => phase === "synced" && resolve(undefined));
  });
  const took = performance.now() - startedAt;
  await client.close();
  return took;
}
