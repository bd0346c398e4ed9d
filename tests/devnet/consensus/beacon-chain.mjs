// The chain: its head, its checkpoints, and one new block per slot.
import {
  DataAvailabilityStatus,
  ExecutionPayloadStatus,
  computeTimeAtSlot,
  computeEpochAtSlot,
  getExpectedWithdrawals,
  getRandaoMix,
  processSlots,
  stateTransition,
} from "@lodestar/state-transition";
import { SLOTS_PER_EPOCH } from "@lodestar/params";
import { BlockStore } from "./block-store.mjs";
import { attestationForPreviousSlot, blockSignature, randaoReveal, syncAggregate } from "./duties.mjs";
import { assertValid } from "./engine-api.mjs";
import { executionPayloadFromJson, executionRequestsFromJson, withdrawalToJson } from "./execution-payload.mjs";
import { toHex, toQuantity } from "./hex.mjs";
import { LightClientServer } from "./light-client-server.mjs";

const FEE_RECIPIENT = `0x${"fe".repeat(20)}`;
const ZERO_HASH = `0x${"00".repeat(32)}`;
/** Every key is ours and every object was made here, so signatures need no check. */
const TRUSTED = {
  executionPayloadStatus: ExecutionPayloadStatus.valid,
  dataAvailabilityStatus: DataAvailabilityStatus.Available,
  verifyStateRoot: false,
  verifyProposer: false,
  verifySignatures: false,
};

export class BeaconChain {
  blocks = new BlockStore();
  /** @type {LightClientServer} */
  lightClient;
  config;
  #keys;
  #engine;

  /**
   * @param {ReturnType<typeof import("./genesis.mjs").createGenesis>} genesis
   * @param {import("@chainsafe/blst").SecretKey[]} keys
   * @param {ReturnType<typeof import("./engine-api.mjs").engineClient>} engine
   */
  constructor(genesis, keys, engine) {
    this.config = genesis.config;
    /** @type {{ state: any, root: Uint8Array, slot: number }} */
    this.head = { state: genesis.state, root: genesis.root, slot: 0 };
    this.lightClient = new LightClientServer(genesis.config);
    this.#keys = keys;
    this.#engine = engine;
  }

  get finalizedCheckpoint() {
    return this.head.state.finalizedCheckpoint;
  }

  get justifiedCheckpoint() {
    return this.head.state.currentJustifiedCheckpoint;
  }

  get finalizedSlot() {
    return this.finalizedCheckpoint.epoch * SLOTS_PER_EPOCH;
  }

  /**
   * Proposes, executes and imports the block of a slot. Answers it with what is new for light clients.
   * @param {number} slot @param {{ participation: number, noAttest: boolean }} behaviour
   */
  async produceBlock(slot, behaviour) {
    const parentRoot = this.head.root;
    const state = processSlots(this.head.state, slot);
    const built = await this.#buildPayload(state);
    /** @type {any} */
    const signedBlock = this.#createBlock(state, built, behaviour);
    const post = stateTransition(this.head.state, signedBlock, TRUSTED);
    const block = signedBlock.message;
    block.stateRoot = post.hashTreeRoot();
    const root = this.config.getForkTypes(slot).BeaconBlock.hashTreeRoot(block);
    signedBlock.signature = blockSignature(this.config, this.#keys[block.proposerIndex], block);

    const requests = built.executionRequests ?? [];
    assertValid(
      await this.#engine("engine_newPayloadV4", built.executionPayload, [], toHex(parentRoot), requests),
      "engine_newPayloadV4",
    );
    this.head = { state: post, root, slot };
    this.blocks.add(root, signedBlock);
    const news = this.lightClient.onBlock(signedBlock, root, post);
    await this.#updateForkchoice(built.executionPayload.blockHash, null);
    return { block, root, ...news };
  }

  /** The execution client builds a payload as soon as it is asked: there is nothing to wait for. */
  async #buildPayload(state) {
    const { slot } = state;
    const attributes = {
      timestamp: toQuantity(computeTimeAtSlot(this.config, slot, state.genesisTime)),
      prevRandao: toHex(getRandaoMix(state, computeEpochAtSlot(slot))),
      suggestedFeeRecipient: FEE_RECIPIENT,
      withdrawals: getExpectedWithdrawals(this.config.getForkSeq(slot), state).expectedWithdrawals.map(
        withdrawalToJson,
      ),
      parentBeaconBlockRoot: toHex(this.head.root),
    };
    const headHash = toHex(state.latestExecutionPayloadHeader.blockHash);
    const { payloadId } = await this.#updateForkchoice(headHash, attributes);
    if (!payloadId) throw new Error("engine_forkchoiceUpdatedV3 answered without a payload id");
    return this.#engine("engine_getPayloadV4", payloadId);
  }

  async #updateForkchoice(headBlockHash, attributes) {
    const answer = await this.#engine(
      "engine_forkchoiceUpdatedV3",
      {
        headBlockHash,
        safeBlockHash: this.#executionHash(this.justifiedCheckpoint.root),
        finalizedBlockHash: this.#executionHash(this.finalizedCheckpoint.root),
      },
      attributes,
    );
    assertValid(answer.payloadStatus, "engine_forkchoiceUpdatedV3");
    return answer;
  }

  /** @param {Uint8Array} root */
  #executionHash(root) {
    const record = this.lightClient.record(toHex(root));
    return record ? toHex(record.header.execution.blockHash) : ZERO_HASH;
  }

  #createBlock(state, built, { participation, noAttest }) {
    const { slot } = state;
    const parentRoot = this.head.root;
    const proposerIndex = state.epochCtx.getBeaconProposer(slot);
    const body = {
      ...this.config.getForkTypes(slot).BeaconBlockBody.defaultValue(),
      randaoReveal: randaoReveal(this.config, this.#keys[proposerIndex], slot),
      eth1Data: state.eth1Data.toValue(),
      attestations: noAttest ? [] : [attestationForPreviousSlot(this.config, this.#keys, state, parentRoot)],
      syncAggregate: syncAggregate(this.config, this.#keys, state, parentRoot, participation),
      executionPayload: executionPayloadFromJson(built.executionPayload),
      executionRequests: executionRequestsFromJson(built.executionRequests),
    };
    const message = { slot, proposerIndex, parentRoot, stateRoot: new Uint8Array(32), body };
    return { message, signature: new Uint8Array(96) };
  }
}
