//! Our own transactions as records for this browser's storage.
//!
//! A record is as trusted as the vaults beside it: it says who signed, where the bytes that nodes
//! take would make that a matter of recovering a key, which is more code than all signing.

use alloc::vec::Vec;
use alloy_primitives::{Bytes, U256};
use lampyris_verify::keccak256;

use super::{Eip1559, Signature, SignedTransaction};

impl SignedTransaction {
    /// The transaction as bytes for [`SignedTransaction::from_record`].
    #[must_use]
    pub fn to_record(&self) -> Vec<u8> {
        let Eip1559 {
            chain_id,
            nonce,
            max_priority_fee_per_gas,
            max_fee_per_gas,
            gas_limit,
            to,
            value,
            data,
        } = &self.transaction;
        let Signature { r, s, y_odd } = &self.signature;
        let numbers = [chain_id, nonce, gas_limit].map(|number| number.to_be_bytes());
        let amounts = [max_priority_fee_per_gas, max_fee_per_gas, value];
        let amounts: [[u8; 32]; 3] = amounts.map(|amount| amount.to_be_bytes());
        let fields: [&[u8]; 7] = [
            self.from.as_slice(),
            to.as_slice(),
            numbers.as_flattened(),
            amounts.as_flattened(),
            r.as_slice(),
            s.as_slice(),
            &[u8::from(*y_odd)],
        ];
        let content = [&fields.concat(), data.as_ref()].concat();
        [keccak256(&content).as_slice(), &content].concat()
    }

    /// Reads what [`SignedTransaction::to_record`] wrote; nothing if it is damaged, or of another chain.
    #[must_use]
    pub fn from_record(mut record: &[u8], chain_id: u64) -> Option<Self> {
        let rest = &mut record;
        let hash = take::<32>(rest)?;
        if keccak256(*rest).0 != hash {
            return None;
        }
        let (from, to) = (take::<20>(rest)?, take::<20>(rest)?);
        let mut number = || take(rest).map(u64::from_be_bytes);
        let (of_chain, nonce, gas_limit) = (number()?, number()?, number()?);
        let mut word = || take::<32>(rest);
        let (tip, fee, value, r, s) = (word()?, word()?, word()?, word()?, word()?);
        let [y_odd] = take(rest)?;
        let transaction = Eip1559 {
            chain_id,
            nonce,
            max_priority_fee_per_gas: U256::from_be_bytes(tip),
            max_fee_per_gas: U256::from_be_bytes(fee),
            gas_limit,
            to: to.into(),
            value: U256::from_be_bytes(value),
            data: Bytes::copy_from_slice(rest),
        };
        let signature = Signature {
            r: r.into(),
            s: s.into(),
            y_odd: y_odd != 0,
        };
        (of_chain == chain_id).then(|| Self::new(transaction, signature, from.into()))
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*taken)
}
