// The genesis state: validators with the well-known interop keys, all active, on top of the execution genesis.
import { createBeaconConfig } from "@lodestar/config";
import { ForkSeq, MIN_SEED_LOOKAHEAD, UNSET_DEPOSIT_REQUESTS_START_INDEX } from "@lodestar/params";
import { ssz } from "@lodestar/types";
import {
  computeEpochShuffling,
  computeProposerIndices,
  createCachedBeaconState,
  createPubkeyCache,
  getActiveValidatorIndices,
  getGenesisBeaconState,
  getNextSyncCommittee,
} from "@lodestar/state-transition";
import { executionHeaderFromGenesisBlock } from "./execution-payload.mjs";
import { fromHex } from "./hex.mjs";

const BALANCE_GWEI = 32e9;
const EXECUTION_CREDENTIALS_PREFIX = 1;

/**
 * @param {ReturnType<typeof import("./chain-config.mjs").devnetChainConfig>} chainConfig
 * @param {import("@chainsafe/blst").SecretKey[]} secretKeys
 * @param {number} genesisTime
 * @param {any} executionGenesis block 0 of eth_getBlockByNumber
 */
export function createGenesis(chainConfig, secretKeys, genesisTime, executionGenesis) {
  /** @type {any} the fork is known at run time only */
  const types = chainConfig.getForkTypes(0);
  const body = types.BeaconBlockBody.defaultValue();
  /** @type {any} */
  const state = emptyGenesisState(chainConfig, types, body, secretKeys.length, executionGenesis.hash);
  state.genesisTime = genesisTime;
  state.eth1DepositIndex = secretKeys.length;
  addValidators(state, secretKeys);
  state.latestExecutionPayloadHeader = types.ExecutionPayloadHeader.toViewDU(
    executionHeaderFromGenesisBlock(executionGenesis),
  );
  state.depositRequestsStartIndex = UNSET_DEPOSIT_REQUESTS_START_INDEX;
  state.commit();

  const config = createBeaconConfig(chainConfig, state.genesisValidatorsRoot);
  const pubkeyCache = createPubkeyCache();
  addCommittees(state, config, pubkeyCache);

  const cachedState = createCachedBeaconState(state, { config, pubkeyCache });
  const block = { ...types.BeaconBlock.defaultValue(), stateRoot: cachedState.hashTreeRoot(), body };
  return { config, state: cachedState, root: types.BeaconBlock.hashTreeRoot(block) };
}

function emptyGenesisState(chainConfig, types, body, validatorCount, executionBlockHash) {
  const zeroRoot = new Uint8Array(32);
  return getGenesisBeaconState(
    chainConfig,
    { depositRoot: zeroRoot, depositCount: BigInt(validatorCount), blockHash: fromHex(executionBlockHash) },
    {
      slot: 0,
      proposerIndex: 0,
      parentRoot: zeroRoot,
      stateRoot: zeroRoot,
      bodyRoot: types.BeaconBlockBody.hashTreeRoot(body),
    },
  );
}

/** Validators have execution credentials, so that withdrawals of rewards happen. */
function addValidators(state, secretKeys) {
  secretKeys.forEach((secretKey, index) => {
    const withdrawalCredentials = new Uint8Array(32).fill(0x11, 12);
    withdrawalCredentials[0] = EXECUTION_CREDENTIALS_PREFIX;
    withdrawalCredentials[31] = index & 0xff;
    state.validators.push(
      ssz.phase0.Validator.toViewDU({
        pubkey: secretKey.toPublicKey().toBytes(),
        withdrawalCredentials,
        effectiveBalance: BALANCE_GWEI,
        slashed: false,
        activationEligibilityEpoch: 0,
        activationEpoch: 0,
        exitEpoch: Infinity,
        withdrawableEpoch: Infinity,
      }),
    );
    state.balances.push(BALANCE_GWEI);
    state.previousEpochParticipation.push(0);
    state.currentEpochParticipation.push(0);
    state.inactivityScores.push(0);
  });
  state.commit();
  state.genesisValidatorsRoot = state.validators.hashTreeRoot();
}

/** Sync committees and, from Fulu on, the proposers' lookahead are drawn from the validators above. */
function addCommittees(state, config, pubkeyCache) {
  const forkSeq = config.getForkSeq(0);
  const cached = createCachedBeaconState(state.clone(), { config, pubkeyCache }, { skipSyncCommitteeCache: true });
  const active = getActiveValidatorIndices(cached, 0);
  const { syncCommittee } = getNextSyncCommittee(forkSeq, cached, active, cached.epochCtx.effectiveBalanceIncrements);
  state.currentSyncCommittee = ssz.altair.SyncCommittee.toViewDU(syncCommittee);
  state.nextSyncCommittee = ssz.altair.SyncCommittee.toViewDU(syncCommittee);
  if (forkSeq >= ForkSeq.fulu) {
    const lookahead = [];
    for (let epoch = 0; epoch <= MIN_SEED_LOOKAHEAD; epoch++) {
      const shuffling = computeEpochShuffling(cached, active, epoch);
      lookahead.push(...computeProposerIndices(forkSeq, cached, shuffling, epoch));
    }
    state.proposerLookahead = ssz.fulu.ProposerLookahead.toViewDU(lookahead);
  }
  state.commit();
}
