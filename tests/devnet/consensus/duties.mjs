// What validators sign. This process holds all of their keys.
import { aggregateSignatures } from "@chainsafe/blst";
import { BitArray } from "@chainsafe/ssz";
import {
  DOMAIN_BEACON_PROPOSER,
  DOMAIN_RANDAO,
  DOMAIN_SYNC_COMMITTEE,
  MAX_COMMITTEES_PER_SLOT,
  SLOTS_PER_EPOCH,
  SYNC_COMMITTEE_SIZE,
} from "@lodestar/params";
import { ssz } from "@lodestar/types";
import {
  G2_POINT_AT_INFINITY,
  computeEpochAtSlot,
  computeSigningRoot,
  getAttestationDataSigningRoot,
  getBlockRoot,
} from "@lodestar/state-transition";

/** @typedef {import("@chainsafe/blst").SecretKey} SecretKey */

/** @param {any} config @param {SecretKey} key @param {number} slot */
export function randaoReveal(config, key, slot) {
  const domain = config.getDomain(slot, DOMAIN_RANDAO, slot);
  return key.sign(computeSigningRoot(ssz.Epoch, computeEpochAtSlot(slot), domain)).toBytes();
}

/** @param {any} config @param {SecretKey} key @param {any} block */
export function blockSignature(config, key, block) {
  const domain = config.getDomain(block.slot, DOMAIN_BEACON_PROPOSER, block.slot);
  const type = config.getForkTypes(block.slot).BeaconBlock;
  return key.sign(computeSigningRoot(type, block, domain)).toBytes();
}

/**
 * The first members of the committee sign the parent, as many as `participation` (0 to 1) says.
 * @param {any} config @param {SecretKey[]} keys @param {any} state at the block's slot
 * @param {Uint8Array} parentRoot @param {number} participation
 */
export function syncAggregate(config, keys, state, parentRoot, participation) {
  const { slot } = state;
  const domain = config.getDomain(slot, DOMAIN_SYNC_COMMITTEE, slot - 1);
  const signingRoot = computeSigningRoot(ssz.Root, parentRoot, domain);
  const members = state.epochCtx.currentSyncCommitteeIndexed.validatorIndices;
  const signerCount = Math.floor(members.length * participation);
  const syncCommitteeBits = BitArray.fromBitLen(SYNC_COMMITTEE_SIZE);
  const signatureOf = new Map(); // a validator may hold several seats
  const signatures = [];
  for (let seat = 0; seat < signerCount; seat++) {
    const validator = members[seat];
    if (!signatureOf.has(validator)) signatureOf.set(validator, keys[validator].sign(signingRoot));
    signatures.push(signatureOf.get(validator));
    syncCommitteeBits.set(seat, true);
  }
  const syncCommitteeSignature = signerCount > 0 ? aggregateSignatures(signatures).toBytes() : G2_POINT_AT_INFINITY;
  return { syncCommitteeBits, syncCommitteeSignature };
}

/**
 * One attestation of all committees of the slot before, for the parent block.
 * @param {any} config @param {SecretKey[]} keys @param {any} state at the block's slot @param {Uint8Array} parentRoot
 */
export function attestationForPreviousSlot(config, keys, state, parentRoot) {
  const slot = state.slot - 1;
  const epoch = computeEpochAtSlot(slot);
  const sameEpoch = epoch === computeEpochAtSlot(state.slot);
  const source = sameEpoch ? state.currentJustifiedCheckpoint : state.previousJustifiedCheckpoint;
  const data = {
    slot,
    index: 0,
    beaconBlockRoot: parentRoot,
    source: source.toValue(),
    target: { epoch, root: epoch * SLOTS_PER_EPOCH < state.slot ? getBlockRoot(state, epoch) : parentRoot },
  };
  const committeeBits = BitArray.fromBitLen(MAX_COMMITTEES_PER_SLOT);
  const members = [];
  for (let committee = 0; committee < state.epochCtx.getCommitteeCountPerSlot(epoch); committee++) {
    committeeBits.set(committee, true);
    members.push(...state.epochCtx.getBeaconCommittee(slot, committee));
  }
  const aggregationBits = BitArray.fromBitLen(members.length);
  const signingRoot = getAttestationDataSigningRoot(config, state.slot, data);
  const signatures = members.map((validator, position) => {
    aggregationBits.set(position, true);
    return keys[validator].sign(signingRoot);
  });
  return { aggregationBits, data, signature: aggregateSignatures(signatures).toBytes(), committeeBits };
}
