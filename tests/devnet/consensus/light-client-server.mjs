// Collects light-client data as the specification's full node does (altair/light-client/full-node.md).
import { Tree } from "@chainsafe/persistent-merkle-tree";
import {
  BLOCK_BODY_EXECUTION_PAYLOAD_GINDEX,
  CURRENT_SYNC_COMMITTEE_GINDEX_ELECTRA,
  FINALIZED_ROOT_GINDEX_ELECTRA,
  MIN_SYNC_COMMITTEE_PARTICIPANTS,
  NEXT_SYNC_COMMITTEE_GINDEX_ELECTRA,
  SLOTS_PER_EPOCH,
} from "@lodestar/params";
import { computeSyncPeriodAtSlot, executionPayloadToPayloadHeader } from "@lodestar/state-transition";
import { isBetterUpdate, toLightClientUpdateSummary } from "@lodestar/state-transition/light-client";
import { toHex } from "./hex.mjs";

/** Blocks between epoch boundaries matter until they were attested to; this leaves room for skipped slots. */
const RECENT_RECORDS_MAX = 16 * SLOTS_PER_EPOCH;
/** Bootstraps for nine hours of 1 s slots, at about 6 kB each. */
const BOUNDARY_RECORDS_MAX = 4096;
/** Three days of 1 s slots. */
const PERIODS_MAX = 4096;

/**
 * What a block and its state say to light clients.
 * @typedef {object} Record
 * @property {number} slot
 * @property {any} header LightClientHeader
 * @property {string} finalizedRoot
 * @property {Uint8Array[]} finalityBranch
 * @property {any} currentSyncCommittee
 * @property {Uint8Array[]} currentSyncCommitteeBranch
 * @property {any} nextSyncCommittee
 * @property {Uint8Array[]} nextSyncCommitteeBranch
 */

/** @typedef {{ slot: number, data: any }} Versioned data in the fork of `slot`, the attested one */

export class LightClientServer {
  /** @type {Versioned | null} */
  finalityUpdate = null;
  /** @type {Versioned | null} */
  optimisticUpdate = null;

  #config;
  /** @type {Map<string, Record>} every recent block */
  #recent = new Map();
  /** @type {Map<string, Record>} last blocks at or before an epoch's first slot */
  #boundaries = new Map();
  /** @type {Map<number, Versioned>} */
  #bestUpdates = new Map();
  #committees = { key: "", current: null, next: null };

  /** @param {any} config */
  constructor(config) {
    this.#config = config;
  }

  /**
   * Records a new block; its sync aggregate makes updates about its parent. Answers which updates are new.
   * @param {any} signedBlock @param {Uint8Array} root @param {any} state after the block
   */
  onBlock(signedBlock, root, state) {
    const block = signedBlock.message;
    const parentRoot = toHex(block.parentRoot);
    const parent = this.record(parentRoot);
    const firstSlotOfEpoch = Math.floor(block.slot / SLOTS_PER_EPOCH) * SLOTS_PER_EPOCH;
    if (parent && parent.slot < firstSlotOfEpoch && block.slot > firstSlotOfEpoch) {
      insertBounded(this.#boundaries, parentRoot, parent, BOUNDARY_RECORDS_MAX);
    }
    const record = this.#createRecord(signedBlock, state);
    insertBounded(this.#recent, toHex(root), record, RECENT_RECORDS_MAX);
    if (block.slot === firstSlotOfEpoch) {
      insertBounded(this.#boundaries, toHex(root), record, BOUNDARY_RECORDS_MAX);
    }
    return parent ? this.#onSyncAggregate(block, parent) : { optimistic: false, finality: false };
  }

  /** @param {string} root */
  record(root) {
    return this.#recent.get(root) ?? this.#boundaries.get(root);
  }

  /** Bootstraps exist for finalized epoch boundaries only. @param {string} root @param {number} finalizedSlot */
  bootstrap(root, finalizedSlot) {
    const record = this.#boundaries.get(root);
    if (!record || record.slot > finalizedSlot) return null;
    const { slot, header, currentSyncCommittee, currentSyncCommitteeBranch } = record;
    return { slot, data: { header, currentSyncCommittee, currentSyncCommitteeBranch } };
  }

  /** Consecutive best updates. @param {number} startPeriod @param {number} count */
  updates(startPeriod, count) {
    const updates = [];
    for (let period = startPeriod; period < startPeriod + count; period++) {
      const update = this.#bestUpdates.get(period);
      if (!update) break;
      updates.push(update);
    }
    return updates;
  }

  /** @returns {Record} */
  #createRecord(signedBlock, state) {
    const { message: block } = signedBlock;
    const types = this.#config.getForkTypes(block.slot);
    const bodyTree = new Tree(types.BeaconBlockBody.toView(block.body).node);
    const stateTree = new Tree(state.node);
    const header = {
      beacon: {
        slot: block.slot,
        proposerIndex: block.proposerIndex,
        parentRoot: block.parentRoot,
        stateRoot: block.stateRoot,
        bodyRoot: bodyTree.root,
      },
      execution: executionPayloadToPayloadHeader(this.#config.getForkSeq(block.slot), block.body.executionPayload),
      executionBranch: bodyTree.getSingleProof(BigInt(BLOCK_BODY_EXECUTION_PAYLOAD_GINDEX)),
    };
    return {
      slot: block.slot,
      header,
      finalizedRoot: toHex(state.finalizedCheckpoint.root),
      finalityBranch: stateTree.getSingleProof(BigInt(FINALIZED_ROOT_GINDEX_ELECTRA)),
      ...this.#sharedCommittees(state),
      currentSyncCommitteeBranch: stateTree.getSingleProof(BigInt(CURRENT_SYNC_COMMITTEE_GINDEX_ELECTRA)),
      nextSyncCommitteeBranch: stateTree.getSingleProof(BigInt(NEXT_SYNC_COMMITTEE_GINDEX_ELECTRA)),
    };
  }

  /** The records of one period share their committees' memory. */
  #sharedCommittees(state) {
    const key = toHex(state.currentSyncCommittee.hashTreeRoot()) + toHex(state.nextSyncCommittee.hashTreeRoot());
    if (this.#committees.key !== key) {
      const current = state.currentSyncCommittee.toValue();
      this.#committees = { key, current, next: state.nextSyncCommittee.toValue() };
    }
    return { currentSyncCommittee: this.#committees.current, nextSyncCommittee: this.#committees.next };
  }

  /** @param {any} block @param {Record} attested */
  #onSyncAggregate(block, attested) {
    const { syncAggregate } = block.body;
    const participants = syncAggregate.syncCommitteeBits.getTrueBitIndexes().length;
    if (participants < MIN_SYNC_COMMITTEE_PARTICIPANTS) return { optimistic: false, finality: false };

    const types = this.#config.getForkTypes(attested.slot);
    const finalized = this.record(attested.finalizedRoot);
    const attestedHeader = attested.header;
    const signed = { syncAggregate, signatureSlot: block.slot };
    const finality = {
      finalizedHeader: finalized?.header ?? types.LightClientHeader.defaultValue(),
      finalityBranch: finalized ? attested.finalityBranch : zeroBranch(attested.finalityBranch),
    };
    this.optimisticUpdate = { slot: attested.slot, data: { attestedHeader, ...signed } };
    if (finalized) {
      this.finalityUpdate = { slot: attested.slot, data: { attestedHeader, ...finality, ...signed } };
    }
    const { nextSyncCommittee, nextSyncCommitteeBranch } = attested;
    this.#offerBestUpdate({
      slot: attested.slot,
      data: { attestedHeader, nextSyncCommittee, nextSyncCommitteeBranch, ...finality, ...signed },
    });
    return { optimistic: true, finality: finalized !== undefined };
  }

  /** @param {Versioned} update */
  #offerBestUpdate(update) {
    const period = computeSyncPeriodAtSlot(update.slot);
    if (period !== computeSyncPeriodAtSlot(update.data.signatureSlot)) return;
    const best = this.#bestUpdates.get(period);
    const summary = toLightClientUpdateSummary(update.data);
    if (!best || isBetterUpdate(summary, toLightClientUpdateSummary(best.data))) {
      insertBounded(this.#bestUpdates, period, update, PERIODS_MAX);
    }
  }
}

/** @template K, V @param {Map<K, V>} map @param {K} key @param {V} value @param {number} sizeMax */
function insertBounded(map, key, value, sizeMax) {
  map.set(key, value);
  if (map.size > sizeMax) map.delete(/** @type {K} */ (map.keys().next().value));
}

/** @param {Uint8Array[]} branch */
const zeroBranch = (branch) => branch.map(() => new Uint8Array(32));
