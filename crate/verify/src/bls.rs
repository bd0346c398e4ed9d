//! The sync committee's aggregated BLS12-381 signature.

use alloc::vec::Vec;

use blst::BLST_ERROR;
use blst::min_pk::{AggregatePublicKey, PublicKey, Signature};

use crate::Error;
use crate::containers::SyncCommittee;

/// Domain separation tag of Ethereum's consensus layer.
const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/// Checks that the members whose bit is set signed `message`.
///
/// A committee commits to the sum of its keys, so the participants' key is the smaller of two
/// sums: of those present, or of all less those absent. Keys are checked to be on the curve; that
/// they are in the group and that their owners hold them was checked by the chain when their
/// validators joined, and the committee is proven to be the chain's.
pub(crate) fn fast_aggregate_verify(
    committee: &SyncCommittee,
    participates: &[bool],
    message: &[u8; 32],
    signature: &[u8; 96],
) -> Result<(), Error> {
    let signature = Signature::from_bytes(signature).map_err(|_| Error::Signature)?;
    let key = participants_key(committee, participates)?;
    let check_signature_group = true;
    match signature.fast_aggregate_verify_pre_aggregated(check_signature_group, message, DST, &key)
    {
        BLST_ERROR::BLST_SUCCESS => Ok(()),
        _ => Err(Error::Signature),
    }
}

fn participants_key(committee: &SyncCommittee, participates: &[bool]) -> Result<PublicKey, Error> {
    let members = |wanted: bool| {
        let members = committee.pubkeys.iter().zip(participates);
        members
            .filter(move |(_, present)| **present == wanted)
            .map(|(key, _)| key)
    };
    let present = members(true).count();
    let absent = members(false).count();
    if present <= absent {
        let keys = members(true)
            .map(public_key)
            .collect::<Result<Vec<_>, _>>()?;
        let keys = keys.iter().collect::<Vec<_>>();
        let sum = AggregatePublicKey::aggregate(&keys, false).map_err(|_| Error::PublicKey)?;
        return Ok(sum.to_public_key());
    }
    let mut sum = AggregatePublicKey::from_public_key(&public_key(&committee.aggregate_pubkey)?);
    for key in members(false) {
        sum.sub_aggregate(&AggregatePublicKey::from_public_key(&public_key(key)?));
    }
    Ok(sum.to_public_key())
}

fn public_key(bytes: &[u8; 48]) -> Result<PublicKey, Error> {
    PublicKey::from_bytes(bytes).map_err(|_| Error::PublicKey)
}
