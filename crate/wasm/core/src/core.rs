//! Class `Core`: one method each for what the client can do.

use js_sys::{Reflect, Uint8Array};
use lampyris_client::{
    Address, B256, BlockTag, Client, Config, ConfigJson, NetEvent, U256, parse_address,
};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use crate::{
    convert::{argument, from_js, reject, to_js},
    host::{Host, Worker},
};

type Answer = Result<JsValue, JsValue>;

/// The light client of a tab. All methods answer promises of plain values.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Core {
    client: Client<Worker>,
}

#[derive(Debug, Default, Deserialize)]
struct BlockOption {
    block: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Transfer {
    from: String,
    to: String,
    value: u128,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vote {
    from: String,
    governor: String,
    proposal_id: String,
    support: u8,
}

#[wasm_bindgen]
impl Core {
    /// A client that does nothing until `start`.
    #[wasm_bindgen(constructor)]
    pub fn new(config: JsValue, host: Host) -> Result<Self, JsValue> {
        let json: ConfigJson = from_js("config", config)?;
        let config = Config::try_from(json).map_err(reject)?;
        Ok(Self {
            client: Client::new(config, Worker::new(host)),
        })
    }

    /// Loads what is stored, dials the gateways and follows the chain.
    pub async fn start(&self) -> Answer {
        let client = self.client.clone();
        client.start().await;
        Ok(JsValue::UNDEFINED)
    }

    /// News from the swarm, as `lampyris_net` gives them.
    #[wasm_bindgen(js_name = onNetEvent)]
    pub fn on_net_event(&self, event: JsValue) -> Result<(), JsValue> {
        if let Some(event) = net_event(&event)? {
            self.client.handle(event);
        }
        Ok(())
    }

    /// The state as of now.
    pub async fn state(&self) -> Answer {
        to_js(&self.client.status())
    }

    /// An account's balance.
    pub async fn balance(&self, address: String, options: JsValue) -> Answer {
        let client = self.client.clone();
        let (address, block) = (parse("address", &address)?, block(options)?);
        answer(client.balance(address, block).await)
    }

    /// A token balance.
    #[wasm_bindgen(js_name = tokenBalance)]
    pub async fn token_balance(&self, token: String, owner: String, options: JsValue) -> Answer {
        let client = self.client.clone();
        let (token, owner) = (parse("token", &token)?, parse("owner", &owner)?);
        answer(client.token_balance(token, owner, block(options)?).await)
    }

    /// The accounts whose keys are stored here.
    pub async fn accounts(&self) -> Answer {
        to_js(&self.client.accounts())
    }

    /// Makes a key.
    #[wasm_bindgen(js_name = createAccount)]
    pub async fn create_account(&self, passphrase: String) -> Answer {
        let client = self.client.clone();
        answer(client.create_account(&normal(&passphrase)).await)
    }

    /// Imports a key.
    #[wasm_bindgen(js_name = importAccount)]
    pub async fn import_account(&self, key: String, passphrase: String) -> Answer {
        let client = self.client.clone();
        answer(client.import_account(&key, &normal(&passphrase)).await)
    }

    /// Opens a key for this visit.
    pub async fn unlock(&self, address: String, passphrase: String) -> Answer {
        answer(
            self.client
                .unlock(parse("address", &address)?, &normal(&passphrase)),
        )
    }

    /// Forgets an open key.
    pub async fn lock(&self, address: String) -> Answer {
        self.client.lock(parse("address", &address)?);
        Ok(JsValue::UNDEFINED)
    }

    /// Removes a key for good.
    #[wasm_bindgen(js_name = removeAccount)]
    pub async fn remove_account(&self, address: String) -> Answer {
        let client = self.client.clone();
        answer(client.remove_account(parse("address", &address)?).await)
    }

    /// What a transfer would cost at most.
    pub async fn quote(&self, transfer: JsValue) -> Answer {
        let client = self.client.clone();
        let transfer: Transfer = from_js("transfer", transfer)?;
        let (from, to) = (parse("from", &transfer.from)?, parse("to", &transfer.to)?);
        answer(client.quote(from, to, U256::from(transfer.value)).await)
    }

    /// Signs and sends a transfer.
    pub async fn send(&self, transfer: JsValue) -> Answer {
        let client = self.client.clone();
        let transfer: Transfer = from_js("transfer", transfer)?;
        let (from, to) = (parse("from", &transfer.from)?, parse("to", &transfer.to)?);
        answer(client.send(from, to, U256::from(transfer.value)).await)
    }

    /// The transactions that are followed or remembered.
    pub async fn transactions(&self) -> Answer {
        to_js(&self.client.transactions())
    }

    /// Forgets a transaction.
    #[wasm_bindgen(js_name = forgetTransaction)]
    pub async fn forget_transaction(&self, hash: String) -> Answer {
        let client = self.client.clone();
        answer(client.forget_transaction(word("hash", &hash)?).await)
    }

    /// The governors of the configuration.
    pub async fn governors(&self) -> Answer {
        to_js(&self.client.governors())
    }

    /// A governor's proposals.
    pub async fn proposals(&self, governor: String, options: JsValue) -> Answer {
        let client = self.client.clone();
        answer(
            client
                .proposals(parse("governor", &governor)?, block(options)?)
                .await,
        )
    }

    /// A voter's weight on a proposal.
    #[wasm_bindgen(js_name = votingPower)]
    pub async fn voting_power(
        &self,
        governor: String,
        proposal_id: String,
        voter: String,
    ) -> Answer {
        let client = self.client.clone();
        let (governor, voter) = (parse("governor", &governor)?, parse("voter", &voter)?);
        let id = word("proposalId", &proposal_id)?;
        answer(client.voting_power(governor, id, voter).await)
    }

    /// Signs and sends a vote.
    #[wasm_bindgen(js_name = castVote)]
    pub async fn cast_vote(&self, vote: JsValue) -> Answer {
        let client = self.client.clone();
        let vote: Vote = from_js("vote", vote)?;
        let (from, governor) = (
            parse("from", &vote.from)?,
            parse("governor", &vote.governor)?,
        );
        let id = word("proposalId", &vote.proposal_id)?;
        answer(client.cast_vote(from, governor, id, vote.support).await)
    }
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
    let option: BlockOption = from_js("options", options)?;
    match option.block.as_deref() {
        None | Some("latest") => Ok(BlockTag::Latest),
        Some("finalized") => Ok(BlockTag::Finalized),
        Some(other) => Err(argument(
            "block",
            &format!("`{other}`; expected `latest` or `finalized`"),
        )),
    }
}

/// An event of `lampyris_net`; `None` for kinds that are not for the core.
fn net_event(event: &JsValue) -> Result<Option<NetEvent>, JsValue> {
    let field = |name: &str| Reflect::get(event, &JsValue::from_str(name));
    let text = |name: &str| -> Result<String, JsValue> {
        field(name)?
            .as_string()
            .ok_or_else(|| argument(name, "expected a string"))
    };
    let bytes = |name: &str| -> Result<Vec<u8>, JsValue> {
        let value = field(name)?.dyn_into::<Uint8Array>();
        value
            .map(|bytes| bytes.to_vec())
            .map_err(|_| argument(name, "expected a Uint8Array"))
    };
    Ok(match text("type")?.as_str() {
        "connected" => Some(NetEvent::Connected {
            peer: text("peer")?,
            address: text("address")?,
        }),
        "disconnected" => Some(NetEvent::Disconnected {
            peer: text("peer")?,
            reason: text("reason")?,
        }),
        "dial_failed" => Some(NetEvent::DialFailed {
            address: text("address")?,
            reason: text("reason")?,
        }),
        "gossip" => Some(NetEvent::Gossip {
            peer: text("peer")?,
            message_id: bytes("messageId")?,
            topic: text("topic")?,
            data: bytes("data")?,
        }),
        "resumed" => Some(NetEvent::Resumed),
        _ => None,
    })
}
