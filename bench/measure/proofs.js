// What belongs to a proven block: ours beside Colibri, wherever this runs.
import { bytesOf } from './bytes.js';
import * as colibri from './colibri.js';
import { compare, repeated } from './compare.js';
import { bytesOfMemories, watchMemories } from './memory.js';
import * as ours from './ours.js';

/**
 * @typedef {{ ours: string, colibri: string }} Modules where they are
 * @typedef {{ head: string, proof: string, question: string[] }} OurProof
 * @typedef {{ proof: OurProof, theirs: colibri.Question, answer: string }} Case `answer` is what ours must give
 * @typedef {{ recorded: ours.Recorded, start: colibri.Start, cases: Record<string, Case> }} Era a chain with what is proven in it
 * @typedef {Record<string, Record<string, import('./compare.js').Samples<number>>>} Results by measurement, by peer
 */

const rounds = 15;

/**
 * @param {{ modules: Modules, deneb: Era, electra: Era }} given
 * @returns {Promise<{ results: Results, memory: Record<string, number> }>}
 */
export async function proofs({ modules, deneb, electra }) {
  const core = await import(modules.ours);
  const ourMemory = (await core.default()).memory;
  watchMemories();
  const module = await import(modules.colibri);
  await colibri.prepare(module);
  /** @type {Results} */
  const results = {};
  for (const era of [deneb, electra]) await compareEra(core, module, era, results);
  return { results, memory: { ours: ourMemory.buffer.byteLength, colibri: bytesOfMemories() } };
}

/**
 * @param {{ Chain: ours.OurChainClass }} core
 * @param {colibri.ColibriModule} module
 * @param {Era} era
 * @param {Results} results
 */
async function compareEra(core, module, { recorded, start, cases }, results) {
  const client = colibri.startFrom(module, start);
  const chain = ours.start(core, recorded);
  chain.updates(bytesOf(recorded.responses.updates), crypto.getRandomValues(new Uint8Array(32)));
  const follow = ours.follower(core, recorded);
  let firstMs = 0;
  for (const [what, { proof, theirs, answer }] of Object.entries(cases)) {
    const verifyTheirs = colibri.verifier(client, theirs);
    const took = await colibri.first(verifyTheirs, theirs.expected);
    if (firstMs === 0) firstMs = took;
    const head = chain.copy().optimistic_update(bytesOf(proof.head));
    const verifyOurs = ourVerifier(what, head, proof);
    const value = verifyOurs();
    if (value !== answer) throw new Error(`${what}: ours gives ${value}, not ${answer}`);
    results[what] = { colibri: await compare(await repeated(verifyOurs), await repeated(verifyTheirs), rounds) };
  }
  if (recorded.ssz.updates.length === 46) {
    follow();
    results.catch_up_46 = { colibri: { ours: [follow().updates, follow().updates, follow().updates], theirs: [firstMs] } };
  }
}

/**
 * @param {string} what
 * @param {ours.OurHead} head
 * @param {OurProof} given
 * @returns {() => string}
 */
function ourVerifier(what, head, { proof, question }) {
  const bytes = bytesOf(proof);
  const [address, slot] = question.map(bytesOf);
  const none = new Uint8Array();
  switch (what) {
    case 'account_proof': return () => head.account(bytes, address ?? none);
    case 'storage_proof': return () => head.storage(bytes, address ?? none, slot ?? none);
    case 'transaction': return () => head.transaction(bytes, true);
    case 'transaction_without_sender': return () => head.transaction(bytes, false);
    case 'receipt': return () => head.receipt(bytes, true);
    case 'receipt_without_sender': return () => head.receipt(bytes, false);
    case 'block': return () => String(head.body(bytes));
    default: throw new Error(`nothing verifies ${what}`);
  }
}
