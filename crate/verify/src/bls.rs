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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use blst::min_pk::{AggregateSignature, SecretKey};

    const MESSAGE: [u8; 32] = [7; 32];

    fn secret_keys(count: u8) -> Vec<SecretKey> {
        (0..count)
            .map(|seed| SecretKey::key_gen(&[seed; 32], &[]).unwrap())
            .collect()
    }

    fn committee(keys: &[SecretKey]) -> SyncCommittee {
        let points: Vec<_> = keys.iter().map(SecretKey::sk_to_pk).collect();
        let sum = AggregatePublicKey::aggregate(&points.iter().collect::<Vec<_>>(), false);
        SyncCommittee {
            pubkeys: points.iter().map(PublicKey::to_bytes).collect(),
            aggregate_pubkey: sum.unwrap().to_public_key().to_bytes(),
        }
    }

    fn sign(keys: &[SecretKey], participates: &[bool]) -> [u8; 96] {
        let signing = keys
            .iter()
            .zip(participates)
            .filter(|(_, present)| **present);
        let signatures: Vec<_> = signing
            .map(|(key, _)| key.sign(&MESSAGE, DST, &[]))
            .collect();
        let sum = AggregateSignature::aggregate(&signatures.iter().collect::<Vec<_>>(), false);
        sum.unwrap().to_signature().to_bytes()
    }

    /// Few and many participants take different ways to the same key.
    #[test]
    fn any_number_of_participants() {
        let keys = secret_keys(16);
        let committee = committee(&keys);
        for present in 1..=16 {
            let participates: Vec<_> = (0..16).map(|index| index * 7 % 16 < present).collect();
            let signature = sign(&keys, &participates);
            let verify = |participates: &[bool], message: &[u8; 32]| {
                fast_aggregate_verify(&committee, participates, message, &signature)
            };
            assert_eq!(verify(&participates, &MESSAGE), Ok(()), "{present} present");
            assert_eq!(verify(&participates, &[8; 32]), Err(Error::Signature));
            for index in 0..16 {
                let mut other = participates.clone();
                other[index] = !other[index];
                assert!(
                    verify(&other, &MESSAGE).is_err(),
                    "{present} present, {index} changed"
                );
            }
        }
    }

    #[test]
    fn nobody_and_broken_points() {
        let keys = secret_keys(8);
        let committee = committee(&keys);
        let everybody = [true; 8];
        let signature = sign(&keys, &everybody);
        let verify = |committee: &SyncCommittee, participates: &[bool], signature: &[u8; 96]| {
            fast_aggregate_verify(committee, participates, &MESSAGE, signature)
        };
        assert!(verify(&committee, &[false; 8], &signature).is_err());
        // The point at infinity is the sum of nobody's signatures, under the sum of nobody's keys.
        let mut infinity = [0; 96];
        infinity[0] = 0xc0;
        assert!(verify(&committee, &[false; 8], &infinity).is_err());
        assert!(verify(&committee, &everybody, &infinity).is_err());
        assert_eq!(
            verify(&committee, &everybody, &[0xff; 96]),
            Err(Error::Signature)
        );

        let mut broken = committee.clone();
        broken.aggregate_pubkey = [0xff; 48];
        assert_eq!(
            verify(&broken, &everybody, &signature),
            Err(Error::PublicKey)
        );
        let mut broken = committee;
        broken.pubkeys = vec![[0xff; 48]; 8];
        let one = [true, false, false, false, false, false, false, false];
        assert_eq!(verify(&broken, &one, &signature), Err(Error::PublicKey));
    }
}
