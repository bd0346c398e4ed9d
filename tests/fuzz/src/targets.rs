//! All targets.

mod blocks;
mod formats;
mod light_client;
mod objects;
mod others;
mod state;
mod webrtc;

use crate::Target;

macro_rules! targets {
    ($($name:literal $what:literal $run:path, $seeds:path;)*) => {
        /// All targets: each decoder, then each verifier, then what other crates decode.
        pub const TARGETS: &[Target] = &[
            $(Target { name: $name, what: $what, run: $run, seeds: $seeds },)*
        ];
    };
}

targets! {
    "ssz_objects" "light-client objects in SSZ" objects::ssz_objects, objects::object_seeds;
    "ssz_parts" "headers, committees and signatures in SSZ" objects::ssz_parts, objects::part_seeds;
    "store_record" "the client's record of its store" objects::store_record, objects::record_seeds;
    "json_objects" "light-client objects in the Beacon API's JSON" objects::json_objects, objects::json_seeds;
    "json_network" "descriptions of networks" objects::json_network, objects::network_seeds;
    "rlp_header" "headers of execution blocks" formats::header, formats::header_seeds;
    "rlp_transaction" "transactions of all types" formats::transaction, formats::transaction_seeds;
    "rlp_receipt" "receipts of all types" formats::receipt, formats::receipt_seeds;
    "rlp_account" "accounts and withdrawals" formats::account, formats::account_seeds;
    "bootstrap" "a checkpoint's bootstrap" light_client::bootstrap, light_client::bootstrap_seeds;
    "update" "an update, in a real store" light_client::update, light_client::update_seeds;
    "finality_update" "a finality update, in a real store" light_client::finality_update, light_client::finality_seeds;
    "optimistic_update" "an optimistic update, in a real store" light_client::optimistic_update, light_client::optimistic_seeds;
    "sequence" "sequences of updates, forced ones and restarts" light_client::sequence, light_client::sequence_seeds;
    "batch" "updates of a catch-up, at once and one by one" light_client::batch, light_client::batch_seeds;
    "ranking" "the order of updates" objects::ranking, objects::ranking_seeds;
    "gloas_header" "headers in the shape of Gloas" light_client::gloas_header, light_client::gloas_seeds;
    "merkle" "Merkle branches" state::merkle, state::merkle_seeds;
    "trie" "lookups in a trie that an attacker made" state::trie, state::trie_seeds;
    "ordered_trie" "roots and proofs of lists, against a model" state::ordered_trie, blocks::body_seeds;
    "account" "proofs of an account, its storage and code" state::account, state::account_seeds;
    "history" "EIP-2935 and EIP-4788" state::history, state::history_seeds;
    "by_index" "proofs of a transaction and of a receipt, and parents" blocks::by_index, blocks::by_index_seeds;
    "bodies" "whole bodies, requests and receipts" blocks::bodies, blocks::body_seeds;
    "logs" "complete logs of a range of blocks" blocks::logs, blocks::log_seeds;
    "state_messages" "our own messages and frames" others::state_messages, others::state_message_seeds;
    "req_resp" "Ethereum's requests and responses, framed snappy" others::req_resp, others::req_resp_seeds;
    "gossip" "gossip's topics and messages, snappy" others::gossip, others::gossip_seeds;
    "peer_records" "signed records of gateways" lampyris_net::fuzz::records, others::peer_record_seeds;
    "introductions" "questions and answers of an introduction" others::introductions, others::introduction_seeds;
    "relay_calls" "what relays and callers say" others::relay_calls, others::relay_call_seeds;
    "webrtc_description" "a stranger's description of a connection" lampyris_webrtc::fuzz::description, webrtc::description_seeds;
    "webrtc_frames" "the frames of a WebRTC stream, however they are cut" lampyris_webrtc::fuzz::frames, webrtc::frame_seeds;
    "webrtc_username" "what a dialler's STUN USERNAME says" lampyris_webrtc::fuzz::username, webrtc::username_seeds;
    "webrtc_datagrams" "a WebRTC listener's datagrams, against its bounds" lampyris_webrtc::fuzz::datagrams, webrtc::datagram_seeds;
    "vote_log" "logs of votes" others::vote_log, others::vote_log_seeds;
    "governor" "a governor's storage" others::governor, others::governor_seeds;
    "signed_transaction" "a stored transaction" others::signed_transaction, others::signed_transaction_seeds;
    "vault" "a stored key" others::vault, others::vault_seeds;
}
