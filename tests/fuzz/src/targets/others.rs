//! What other crates decode of foreign bytes: messages between peers, votes, stored keys.

use std::collections::BTreeMap;

use lampyris_vectors::files::Files;
use lampyris_verify::{Address, B256, Bytes, U256, keccak256};
use lampyris_vote::governor::{Governor, Page, proposals};
use lampyris_vote::{GovernorLayout, Need, VoteCast, token};
use lampyris_wallet::{SignedTransaction, Vault};
use lampyris_wire::frame::{self, Header};
use lampyris_wire::gossip::{
    MESSAGE_BYTES_MAX, TopicKind, compress, decompress, message_id, parse_topic, topic_name,
};
use lampyris_wire::req_resp::{
    decode_chunks, decode_request, encode_chunk, encode_error, encode_request,
};
use lampyris_wire::state::{AccountQuery, Request, Response};
use lampyris_wire::{introduce, relay, signalling};

const REQUEST_BYTES_MAX: usize = 32 * 1024;
const CHUNKS_MAX: usize = 4;

pub(super) fn state_messages(bytes: &[u8]) {
    if let Ok(request) = Request::decode(bytes) {
        assert_eq!(request.encode().as_deref(), Ok(bytes));
    }
    if let Ok(response) = Response::decode(bytes) {
        assert_eq!(response.encode().as_deref(), Ok(bytes));
    }
    let header = bytes.first_chunk().copied();
    let decode = |header| Header::decode(header, frame::REQUEST_BYTES_MAX).ok();
    if let Some(header) = header.and_then(decode) {
        assert!(header.payload_bytes <= frame::REQUEST_BYTES_MAX);
    }
}

pub(super) fn state_message_seeds(_: &Files) -> Vec<Vec<u8>> {
    let block_hash = B256::repeat_byte(1);
    let address = Address::repeat_byte(2);
    let slots = vec![B256::ZERO, B256::repeat_byte(3)];
    let requests = [
        Request::StateProof {
            block_hash,
            accounts: vec![AccountQuery { address, slots }],
        },
        Request::Code {
            block_hash,
            address,
            code_hash: block_hash,
        },
        Request::Headers {
            hash: block_hash,
            count: 64,
        },
        Request::SendTransaction {
            raw: Bytes::from_static(&[2, 0xc0]),
        },
        Request::Transaction { hash: block_hash },
        Request::Preimage {
            hash: block_hash,
            hint: address,
        },
    ];
    requests
        .iter()
        .map(|request| request.encode().unwrap())
        .collect()
}

pub(super) fn req_resp(bytes: &[u8]) {
    if let Ok(ssz) = decode_request(bytes, REQUEST_BYTES_MAX) {
        assert!(ssz.len() <= REQUEST_BYTES_MAX);
        let again = decode_request(&encode_request(&ssz), REQUEST_BYTES_MAX);
        assert_eq!(again, Ok(ssz));
    }
    if let Ok(chunks) = decode_chunks(bytes, REQUEST_BYTES_MAX, CHUNKS_MAX) {
        assert!(chunks.len() <= CHUNKS_MAX);
        let encode =
            |chunk: &lampyris_wire::req_resp::Chunk| encode_chunk(chunk.digest, &chunk.ssz);
        let again: Vec<u8> = chunks.iter().flat_map(encode).collect();
        assert_eq!(
            decode_chunks(&again, REQUEST_BYTES_MAX, CHUNKS_MAX),
            Ok(chunks)
        );
    }
}

pub(super) fn req_resp_seeds(_: &Files) -> Vec<Vec<u8>> {
    let ssz: Vec<u8> = (0..200_u8).chain([7; 300]).collect();
    let chunk = encode_chunk([1, 2, 3, 4], &ssz);
    vec![
        encode_request(&ssz[..32]),
        chunk.clone(),
        [chunk.clone(), chunk].concat(),
        encode_error(2, "busy"),
    ]
}

/// What neighbours ask of each other for two tabs: one form only, and never more than a receiver takes.
pub(super) fn introductions(bytes: &[u8]) {
    if let Ok(request) = introduce::Request::decode(bytes) {
        assert_eq!(request.encode().as_deref(), Ok(bytes));
    }
    if let Ok(response) = introduce::Response::decode(bytes) {
        assert_eq!(response.encode().as_deref(), Ok(bytes));
    }
}

/// A message of a relay, or of signalling: what is read says the same when it is written.
pub(super) fn relay_calls(bytes: &[u8]) {
    if let Ok(caller) = relay::caller(bytes) {
        assert!(caller.len() <= introduce::PEER_ID_BYTES_MAX);
    }
    if relay::is_reserved(bytes) == Ok(true) {
        assert!(relay::caller(bytes).is_err());
    }
    if let Ok(message) = signalling::Message::decode(bytes) {
        let again = signalling::Message::decode(&message.encode().unwrap());
        assert_eq!(again, Ok(message));
    }
}

pub(super) fn relay_call_seeds(_: &Files) -> Vec<Vec<u8>> {
    let call = [vec![8, 0, 18, 40, 10, 38], vec![7; 38], vec![26, 2, 8, 30]].concat();
    let granted = vec![8, 2, 26, 2, 8, 9, 34, 2, 8, 30, 40, 100];
    let message = |kind, data: &str| {
        let data = data.to_owned();
        signalling::Message { kind, data }.encode().unwrap()
    };
    let candidate = "{\"candidate\":\"candidate:1 1 udp 1 192.0.2.1 5000 typ host\"}";
    vec![
        call,
        granted,
        relay::status(relay::Status::PermissionDenied),
        message(signalling::Kind::Offer, "v=0\r\na=ice-ufrag:abcd\r\n"),
        message(signalling::Kind::Candidate, candidate),
    ]
}

pub(super) fn introduction_seeds(_: &Files) -> Vec<Vec<u8>> {
    let (peer, offer) = (vec![7; 38], vec![9; 400]);
    let requests = [
        introduce::Request::List,
        introduce::Request::Carry {
            to: peer.clone(),
            offer: offer.clone(),
        },
        introduce::Request::Offer {
            from: peer.clone(),
            offer: offer.clone(),
        },
    ];
    let responses = [
        introduce::Response::Peers(vec![peer.clone(), peer]),
        introduce::Response::Answer(offer),
        introduce::Response::Refused(introduce::Refusal::Unknown),
    ];
    let requests = requests.iter().map(|request| request.encode());
    let responses = responses.iter().map(|response| response.encode());
    requests.chain(responses).flatten().collect()
}

pub(super) fn gossip(bytes: &[u8]) {
    let topic = std::str::from_utf8(bytes).unwrap_or_default();
    if let Ok((digest, kind)) = parse_topic(topic) {
        assert_eq!(topic_name(digest, kind), topic);
    }
    let _ = message_id("topic", bytes);
    if let Ok(data) = decompress(bytes, MESSAGE_BYTES_MAX) {
        assert!(data.len() <= MESSAGE_BYTES_MAX);
        assert_eq!(decompress(&compress(&data), MESSAGE_BYTES_MAX), Ok(data));
    }
}

pub(super) fn gossip_seeds(_: &Files) -> Vec<Vec<u8>> {
    let ssz: Vec<u8> = (0..200_u8).chain([7; 300]).collect();
    let topic = topic_name([1, 2, 3, 4], TopicKind::FinalityUpdate);
    vec![topic.into_bytes(), compress(&ssz)]
}

/// A log that claims to be a vote: five words of topics and data.
pub(super) fn vote_log(input: &[u8]) {
    let governor = Address::repeat_byte(1);
    let (head, data) = input.split_at(input.len().min(32));
    let mut voter = B256::ZERO;
    voter.0[..head.len()].copy_from_slice(head);
    let topics = [
        keccak256("VoteCast(address,uint256,uint8,uint256,string)"),
        voter,
    ];
    if let Ok(Some(vote)) = VoteCast::from_log(governor, governor, &topics, data) {
        assert_eq!(vote.voter.into_word(), voter);
        assert!(vote.reason.len() <= data.len() * 3);
    }
}

pub(super) fn vote_log_seeds(_: &Files) -> Vec<Vec<u8>> {
    let words = [5_u64, 7, 1, 1_000, 128, 4].map(|word| B256::from(U256::from(word)).to_vec());
    let reason = [b"good".as_slice(), &[0; 28]].concat();
    vec![[words.concat(), reason].concat()]
}

/// A governor whose storage the input is: reading ends, and never asks for a word twice.
pub(super) fn governor(input: &[u8]) {
    let governor = Governor {
        address: Address::repeat_byte(1),
        token: Address::repeat_byte(2),
        layout: GovernorLayout::by_name("oz5-storage").unwrap(),
    };
    let mut words = input.chunks(32).map(|chunk| {
        let mut word = [0; 32];
        word[32 - chunk.len()..].copy_from_slice(chunk);
        U256::from_be_bytes(word)
    });
    let mut storage: BTreeMap<(Address, B256), U256> = BTreeMap::new();
    for _ in 0..=lampyris_vote::storage::ROUNDS_MAX {
        match proposals(&storage, &governor, 1_000, Page::default()) {
            Err(Need::Slots(slots)) => {
                assert!(!slots.is_empty());
                for slot in slots {
                    let before = storage.insert(slot, words.next().unwrap_or_default());
                    assert_eq!(before, None, "asked for a second time");
                }
            }
            Ok(_) | Err(Need::Refused(_)) => {
                let account = Address::repeat_byte(3);
                let _ = token::votes(&storage, governor.token(), account);
                return;
            }
        }
    }
    panic!("no answer after so many rounds");
}

pub(super) fn governor_seeds(_: &Files) -> Vec<Vec<u8>> {
    let words = |count: u64| (0..count).map(|word| B256::from(U256::from(word % 5)).to_vec());
    vec![words(3).flatten().collect(), words(40).flatten().collect()]
}

pub(super) fn signed_transaction(input: &[u8]) {
    if let Ok(signed) = SignedTransaction::decode(input, 1) {
        assert_eq!(signed.raw().as_ref(), input);
        assert_eq!(*signed.hash(), keccak256(input));
    }
}

pub(super) fn signed_transaction_seeds(files: &Files) -> Vec<Vec<u8>> {
    let seeds = super::formats::transaction_seeds(files);
    seeds.into_iter().filter(|seed| seed[0] == 2).collect()
}

pub(super) fn vault(input: &[u8]) {
    if let Ok(vault) = Vault::decode(input) {
        assert_eq!(vault.encode(), input);
    }
}

pub(super) fn vault_seeds(_: &Files) -> Vec<Vec<u8>> {
    let key = lampyris_wallet::SecretKey::from_bytes(&[1; 32]).unwrap();
    let vault = Vault::seal(&key, "passphrase", &[7; Vault::ENTROPY_BYTES]).unwrap();
    vec![vault.encode()]
}

pub(super) fn peer_record_seeds(_: &Files) -> Vec<Vec<u8>> {
    lampyris_net::fuzz::record_seeds()
}
