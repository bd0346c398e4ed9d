//! Class `Core`: one method each for what the client can do.

use std::future::Future;

use js_sys::Promise;
use lampyris_client::{
    Address, B256, BlockTag, Client, LocalFuture, NetEvent, PeerKind, U256, parse_address,
};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use crate::{
    config::config,
    convert::{argument, reject, to_js},
    fields::Fields,
    host::{Host, Worker},
};

type Answer = Result<JsValue, JsValue>;

/// The light client of a tab. All methods answer promises of plain values.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Core {
    client: Client<Worker>,
}

/// Who sends how much to whom.
type Transfer = (Address, Address, U256);

#[wasm_bindgen]
impl Core {
    /// A client that does nothing until `start`.
    #[wasm_bindgen(constructor)]
    pub fn new(configuration: JsValue, host: Host) -> Result<Self, JsValue> {
        Ok(Self {
            client: Client::new(config(configuration)?, Worker::new(host)),
        })
    }

    /// Loads what is stored, dials the gateways and follows the chain.
    pub fn start(&self) -> Promise {
        let client = self.client.clone();
        promise(async move {
            client.start().await;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// News from the swarm, as `lampyris_net` gives them.
    #[wasm_bindgen(js_name = onNetEvent)]
    pub fn on_net_event(&self, event: JsValue) -> Result<(), JsValue> {
        if let Some(event) = net_event(event)? {
            self.client.handle(event);
        }
        Ok(())
    }

    /// The state as of now.
    pub fn state(&self) -> Promise {
        let client = self.client.clone();
        promise(async move { to_js(&client.status()) })
    }

    /// An account's balance.
    pub fn balance(&self, address: String, options: JsValue) -> Promise {
        let client = self.client.clone();
        promise(async move {
            let (address, block) = (parse("address", &address)?, block(options)?);
            answer(client.balance(address, block).await)
        })
    }

    /// A token balance.
    #[wasm_bindgen(js_name = tokenBalance)]
    pub fn token_balance(&self, token: String, owner: String, options: JsValue) -> Promise {
        let client = self.client.clone();
        promise(async move {
            let (token, owner) = (parse("token", &token)?, parse("owner", &owner)?);
            answer(client.token_balance(token, owner, block(options)?).await)
        })
    }

    /// The accounts whose keys are stored here.
    pub fn accounts(&self) -> Promise {
        let client = self.client.clone();
        promise(async move { to_js(&client.accounts()) })
    }

    /// Makes a key.
    #[wasm_bindgen(js_name = createAccount)]
    pub fn create_account(&self, passphrase: String) -> Promise {
        let client = self.client.clone();
        promise(async move { answer(client.create_account(&normal(&passphrase)).await) })
    }

    /// Imports a key.
    #[wasm_bindgen(js_name = importAccount)]
    pub fn import_account(&self, key: String, passphrase: String) -> Promise {
        let client = self.client.clone();
        promise(async move { answer(client.import_account(&key, &normal(&passphrase)).await) })
    }

    /// Opens a key for this visit.
    pub fn unlock(&self, address: String, passphrase: String) -> Promise {
        let client = self.client.clone();
        promise(async move {
            let address = parse("address", &address)?;
            answer(client.unlock(address, &normal(&passphrase)))
        })
    }

    /// Forgets an open key.
    pub fn lock(&self, address: String) -> Promise {
        let client = self.client.clone();
        promise(async move {
            client.lock(parse("address", &address)?);
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Removes a key for good.
    #[wasm_bindgen(js_name = removeAccount)]
    pub fn remove_account(&self, address: String) -> Promise {
        let client = self.client.clone();
        promise(async move { answer(client.remove_account(parse("address", &address)?).await) })
    }

    /// What a transfer would cost at most.
    pub fn quote(&self, of: JsValue) -> Promise {
        let client = self.client.clone();
        promise(async move {
            let (from, to, value) = transfer(of)?;
            answer(client.quote(from, to, value).await)
        })
    }

    /// Signs and sends a transfer.
    pub fn send(&self, of: JsValue) -> Promise {
        let client = self.client.clone();
        promise(async move {
            let (from, to, value) = transfer(of)?;
            answer(client.send(from, to, value).await)
        })
    }

    /// The transactions that are followed or remembered.
    pub fn transactions(&self) -> Promise {
        let client = self.client.clone();
        promise(async move { to_js(&client.transactions()) })
    }

    /// Forgets a transaction.
    #[wasm_bindgen(js_name = forgetTransaction)]
    pub fn forget_transaction(&self, hash: String) -> Promise {
        let client = self.client.clone();
        promise(async move { answer(client.forget_transaction(word("hash", &hash)?).await) })
    }

    /// The governors of the configuration.
    pub fn governors(&self) -> Promise {
        let client = self.client.clone();
        promise(async move { to_js(&client.governors()) })
    }

    /// A governor's proposals.
    pub fn proposals(&self, governor: String, options: JsValue) -> Promise {
        let client = self.client.clone();
        promise(async move {
            let (governor, block) = (parse("governor", &governor)?, block(options)?);
            answer(client.proposals(governor, block).await)
        })
    }

    /// A voter's weight on a proposal.
    #[wasm_bindgen(js_name = votingPower)]
    pub fn voting_power(&self, governor: String, proposal_id: String, voter: String) -> Promise {
        let client = self.client.clone();
        promise(async move {
            let (governor, voter) = (parse("governor", &governor)?, parse("voter", &voter)?);
            let id = word("proposalId", &proposal_id)?;
            answer(client.voting_power(governor, id, voter).await)
        })
    }

    /// Signs and sends a vote.
    #[wasm_bindgen(js_name = castVote)]
    pub fn cast_vote(&self, vote: JsValue) -> Promise {
        let client = self.client.clone();
        promise(async move {
            let vote = Fields::of("vote", vote)?;
            let from = parse("from", &vote.text("from")?)?;
            let governor = parse("governor", &vote.text("governor")?)?;
            let id = word("proposalId", &vote.text("proposalId")?)?;
            let support = vote.small("support")?;
            answer(client.cast_vote(from, governor, id, support).await)
        })
    }
}

/// A promise of an answer. In a box, so that the machinery around it is compiled once and not for
/// every method.
fn promise(answer: impl Future<Output = Answer> + 'static) -> Promise {
    let answer: LocalFuture<Answer> = Box::pin(answer);
    future_to_promise(answer)
}

fn answer<T: Serialize>(result: Result<T, lampyris_client::Error>) -> Answer {
    match result {
        Ok(value) => to_js(&value),
        Err(error) => Err(reject(error)),
    }
}

/// A passphrase in Unicode's normal form NFKC: the same keys pressed elsewhere give the same bytes.
fn normal(passphrase: &str) -> String {
    js_sys::JsString::from(passphrase).normalize("NFKC").into()
}

fn parse(name: &str, text: &str) -> Result<Address, JsValue> {
    parse_address(text).map_err(|error| argument(name, &error.message))
}

fn word(name: &str, text: &str) -> Result<B256, JsValue> {
    text.parse()
        .map_err(|_| argument(name, "expected 0x and 64 hexadecimal digits"))
}

fn block(options: JsValue) -> Result<BlockTag, JsValue> {
    if options.is_undefined() || options.is_null() {
        return Ok(BlockTag::Latest);
    }
    let options = Fields::of("options", options)?;
    let Some(block) = options.optional("block")? else {
        return Ok(BlockTag::Latest);
    };
    match block.as_string().as_deref() {
        Some("latest") => Ok(BlockTag::Latest),
        Some("finalized") => Ok(BlockTag::Finalized),
        other => Err(argument(
            "block",
            &format!(
                "`{}`; expected `latest` or `finalized`",
                other.unwrap_or_default()
            ),
        )),
    }
}

fn transfer(value: JsValue) -> Result<Transfer, JsValue> {
    let transfer = Fields::of("transfer", value)?;
    Ok((
        parse("from", &transfer.text("from")?)?,
        parse("to", &transfer.text("to")?)?,
        U256::from(transfer.bigint("value")?),
    ))
}

/// An event of `lampyris_net`; `None` for kinds that are not for the core.
fn net_event(event: JsValue) -> Result<Option<NetEvent>, JsValue> {
    let event = Fields::of("event", event)?;
    Ok(match event.text("type")?.as_str() {
        "connected" => Some(NetEvent::Connected {
            peer: event.text("peer")?,
            address: event.text("address")?,
            kind: match event.text("kind")?.as_str() {
                "tab" => PeerKind::Tab,
                _ => PeerKind::Gateway,
            },
        }),
        "disconnected" => Some(NetEvent::Disconnected {
            peer: event.text("peer")?,
            reason: event.text("reason")?,
        }),
        "dial_failed" => Some(NetEvent::DialFailed {
            address: event.text("address")?,
            reason: event.text("reason")?,
        }),
        "gossip" => Some(NetEvent::Gossip {
            peer: event.text("peer")?,
            message_id: event.bytes("messageId")?,
            topic: event.text("topic")?,
            data: event.bytes("data")?,
        }),
        "resumed" => Some(NetEvent::Resumed),
        _ => None,
    })
}
