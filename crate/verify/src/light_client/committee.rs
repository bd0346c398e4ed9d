//! A proven committee, with what was computed of it once.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use alloy_primitives::B256;

use crate::Error;
use crate::bls::{AggregateKey, PublicKey};
use crate::containers::SyncCommittee;

/// A committee that a state commits to, its root, and the keys that were decompressed.
///
/// Decompressing a key takes a square root, and mostly the same members are absent from one update
/// to the next. The keys are bounded by the committee: about 100 bytes for each of 512 members. What
/// was computed is no part of equality, nor of the record.
#[derive(Clone)]
pub(crate) struct Committee {
    members: Arc<SyncCommittee>,
    root: B256,
    aggregate: Option<PublicKey>,
    /// By the members' places, in their order.
    keys: Vec<(usize, PublicKey)>,
}

impl Committee {
    /// A committee whose root is known, because it was compared with what a state commits to.
    pub(crate) const fn new(members: Arc<SyncCommittee>, root: B256) -> Self {
        Self {
            members,
            root,
            aggregate: None,
            keys: Vec::new(),
        }
    }

    /// The members.
    pub(crate) const fn members(&self) -> &Arc<SyncCommittee> {
        &self.members
    }

    /// The root.
    pub(crate) const fn root(&self) -> B256 {
        self.root
    }

    /// The sum of the keys of the members whose bit is set.
    ///
    /// A committee commits to the sum of all of its keys, so this is the smaller of two sums: of
    /// those present, or of all less those absent.
    pub(crate) fn participants_key(
        &mut self,
        participates: &[bool],
    ) -> Result<AggregateKey, Error> {
        let present = participates.iter().filter(|present| **present).count();
        let absent = participates.len().saturating_sub(present);
        let few_are_present = present <= absent;
        let mut sum = None;
        if !few_are_present {
            sum = Some(AggregateKey::from(self.aggregate()?));
        }
        for (index, is_present) in participates.iter().enumerate() {
            if *is_present != few_are_present {
                continue;
            }
            let key = self.key(index)?;
            match &mut sum {
                None => sum = Some(AggregateKey::from(*key)),
                Some(sum) if few_are_present => sum.add(key),
                Some(sum) => sum.subtract(key),
            }
        }
        sum.ok_or(Error::PublicKey)
    }

    fn aggregate(&mut self) -> Result<PublicKey, Error> {
        if let Some(key) = &self.aggregate {
            return Ok(*key);
        }
        let key = PublicKey::from_bytes(&self.members.aggregate_pubkey);
        self.aggregate.clone_from(&key);
        key.ok_or(Error::PublicKey)
    }

    fn key(&mut self, index: usize) -> Result<&PublicKey, Error> {
        let place = match self.keys.binary_search_by_key(&index, |(known, _)| *known) {
            Ok(place) => place,
            Err(place) => {
                let bytes = self.members.pubkeys.get(index).ok_or(Error::PublicKey)?;
                let key = PublicKey::from_bytes(bytes).ok_or(Error::PublicKey)?;
                self.keys.insert(place, (index, key));
                place
            }
        };
        let key = self.keys.get(place).map(|(_, key)| key);
        key.ok_or(Error::PublicKey)
    }
}

impl From<Arc<SyncCommittee>> for Committee {
    fn from(members: Arc<SyncCommittee>) -> Self {
        let root = members.hash_tree_root();
        Self::new(members, root)
    }
}

impl PartialEq for Committee {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members
    }
}

impl Eq for Committee {}

impl fmt::Debug for Committee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.members.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bls::{Signature, SignatureSet, verify};
    use alloc::vec;
    use blst::min_pk::{self, AggregatePublicKey, AggregateSignature, SecretKey};

    const MESSAGE: [u8; 32] = [7; 32];
    const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

    fn secret_keys(count: u8) -> Vec<SecretKey> {
        (0..count)
            .map(|seed| SecretKey::key_gen(&[seed; 32], &[]).unwrap())
            .collect()
    }

    fn members(keys: &[SecretKey]) -> SyncCommittee {
        let points: Vec<_> = keys.iter().map(SecretKey::sk_to_pk).collect();
        let sum = AggregatePublicKey::aggregate(&points.iter().collect::<Vec<_>>(), false);
        SyncCommittee {
            pubkeys: points.iter().map(min_pk::PublicKey::to_bytes).collect(),
            aggregate_pubkey: sum.unwrap().to_public_key().to_bytes(),
        }
    }

    fn committee(members: &SyncCommittee) -> Committee {
        Arc::new(members.clone()).into()
    }

    fn sign(keys: &[SecretKey], participates: &[bool]) -> Signature {
        let signing = keys
            .iter()
            .zip(participates)
            .filter(|(_, present)| **present);
        let signatures: Vec<_> = signing
            .map(|(key, _)| key.sign(&MESSAGE, DST, &[]))
            .collect();
        let sum = AggregateSignature::aggregate(&signatures.iter().collect::<Vec<_>>(), false);
        Signature::from_bytes(&sum.unwrap().to_signature().to_bytes()).unwrap()
    }

    fn holds(committee: &mut Committee, participates: &[bool], signature: &Signature) -> bool {
        let key = committee.participants_key(participates).unwrap();
        verify(&SignatureSet {
            key,
            message: MESSAGE,
            signature: signature.clone(),
        })
    }

    /// Few and many participants take different ways to the same key, with and without known keys.
    #[test]
    fn any_number_of_participants() {
        let keys = secret_keys(16);
        let members = members(&keys);
        let mut warm = committee(&members);
        for present in 1..=16 {
            let participates: Vec<_> = (0..16).map(|index| index * 7 % 16 < present).collect();
            let signature = sign(&keys, &participates);
            for _ in 0..2 {
                assert!(holds(&mut warm, &participates, &signature), "{present}");
            }
            let mut cold = committee(&members);
            assert!(holds(&mut cold, &participates, &signature), "{present}");
            for index in 0..16 {
                let mut other = participates.clone();
                other[index] = !other[index];
                if other.contains(&true) {
                    assert!(!holds(&mut warm, &other, &signature), "{present}, {index}");
                    assert!(!holds(&mut cold, &other, &signature), "{present}, {index}");
                }
            }
        }
        assert_eq!(warm.keys.len(), 16);
        assert_eq!(warm, committee(&members));
    }

    #[test]
    fn keys_are_decompressed_once() {
        let keys = secret_keys(8);
        let mut committee = committee(&members(&keys));
        let mut participates = [true; 8];
        committee.participants_key(&participates).unwrap();
        assert!(committee.keys.is_empty() && committee.aggregate.is_some());
        participates[5] = false;
        let signature = sign(&keys, &participates);
        assert!(holds(&mut committee, &participates, &signature));
        assert!(matches!(committee.keys[..], [(5, _)]));
        // From now on the bytes are not read again.
        committee.members = Arc::new(SyncCommittee {
            pubkeys: vec![[0xff; 48]; 8],
            aggregate_pubkey: [0xff; 48],
        });
        assert!(holds(&mut committee, &participates, &signature));
        participates[6] = false;
        let refused = committee.participants_key(&participates).err();
        assert_eq!(refused, Some(Error::PublicKey));
    }

    #[test]
    fn nobody_and_broken_keys() {
        let keys = secret_keys(8);
        let members = members(&keys);
        let refusal = |members: &SyncCommittee, participates: &[bool]| {
            committee(members).participants_key(participates).err()
        };
        let (everybody, one) = (
            [true; 8],
            [true, false, false, false, false, false, false, false],
        );
        assert_eq!(refusal(&members, &everybody), None);
        assert_eq!(refusal(&members, &[false; 8]), Some(Error::PublicKey));

        let mut broken = members.clone();
        broken.aggregate_pubkey = [0xff; 48];
        assert_eq!(refusal(&broken, &everybody), Some(Error::PublicKey));
        let mut broken = members;
        broken.pubkeys = vec![[0xff; 48]; 8];
        assert_eq!(refusal(&broken, &one), Some(Error::PublicKey));
    }
}
