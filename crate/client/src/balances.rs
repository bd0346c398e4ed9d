//! Balances of ether and of tokens, each proven at a head.

use std::rc::Rc;

use alloy_primitives::{Address, B256, U256};
use lampyris_verify::{execution::Account, keccak256, proven::Proven};
use lampyris_wire::state::{AccountQuery, Request, Response};

use crate::{
    client::{Client, Inner},
    error::Error,
    event::{Answer, Balance, Big, CallResult, TokenBalance, number},
    misdeed::Kind,
    platform::Platform,
    requests::{Question, wrong_kind},
    witness::{BlockTag, Witness},
};

impl<P: Platform> Client<P> {
    /// An account's balance, nonce and code length.
    ///
    /// # Errors
    /// See [`crate::Code`].
    pub async fn balance(&self, address: Address, block: BlockTag) -> CallResult<Answer<Balance>> {
        let inner = &self.inner;
        let query = AccountQuery {
            address,
            slots: Vec::new(),
        };
        let mut witness = inner.prove(block, vec![query]).await?;
        let account = *witness.account(address)?;
        let mut checked =
            vec!["account lies in the state, or provably does not (Merkle-Patricia proof)"];
        let is_contract = account.value().code_hash != keccak256([]);
        // The balance is proven with or without the code; nobody may have it.
        let code_bytes = match is_contract {
            true => inner.code(&mut witness, address, &account).await.ok(),
            false => None,
        };
        if code_bytes.is_some() {
            checked.push("code has the hash that the account names (keccak)");
        }
        let value = Balance {
            wei: Big(account.value().balance),
            nonce: Big::from(account.value().nonce),
            is_contract,
            code_bytes: code_bytes.map(|bytes| number(u64::try_from(bytes).unwrap_or(u64::MAX))),
        };
        Ok(Answer {
            value,
            proof: inner.proof_view(&witness, &checked),
        })
    }

    /// A token balance, read from the place in storage that the configuration names.
    ///
    /// # Errors
    /// [`crate::Code::InvalidArgument`] for a token that is not in the configuration; see [`crate::Code`].
    pub async fn token_balance(
        &self,
        token: Address,
        owner: Address,
        block: BlockTag,
    ) -> CallResult<Answer<TokenBalance>> {
        let inner = &self.inner;
        let known = inner
            .config
            .tokens
            .iter()
            .find(|known| known.address == token)
            .ok_or_else(|| Error::invalid_argument(format!("{token} is not a known token")))?
            .clone();
        let slot = mapping_slot(owner, known.balance_slot);
        let query = AccountQuery {
            address: token,
            slots: vec![slot],
        };
        let witness = inner.prove(block, vec![query]).await?;
        let value = TokenBalance {
            amount: Big(witness.slot(token, slot)?),
            decimals: known.decimals,
            symbol: known.symbol,
        };
        let checked = [
            "token's account lies in the state (Merkle-Patricia proof)",
            "balance lies in the token's storage, or provably does not (Merkle-Patricia proof)",
        ];
        Ok(Answer {
            value,
            proof: inner.proof_view(&witness, &checked),
        })
    }
}

impl<P: Platform> Inner<P> {
    /// Fetches a contract's code and checks it against the proven hash; gives its length.
    async fn code(
        self: &Rc<Self>,
        witness: &mut Witness,
        address: Address,
        account: &Proven<Account>,
    ) -> Result<usize, Error> {
        let block_hash = witness.block.value().hash;
        let request = Request::Code {
            block_hash,
            address,
            code_hash: account.value().code_hash,
        };
        let account = *account;
        let question = Question::of_state(Kind::Code, &request, move |response| {
            let Response::Code { code } = response else {
                return wrong_kind();
            };
            Ok(account.code(code.to_vec())?.value().len())
        })?;
        let (length, peer) = self.ask(question).await?;
        witness.supplied_by(peer);
        Ok(length)
    }
}

/// Solidity's place of `mapping(address => …)` entries.
fn mapping_slot(key: Address, slot: u64) -> B256 {
    let mut preimage = [0_u8; 64];
    preimage[12..32].copy_from_slice(key.as_slice());
    preimage[32..].copy_from_slice(&U256::from(slot).to_be_bytes::<32>());
    keccak256(preimage)
}
