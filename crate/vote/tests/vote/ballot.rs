//! Votes as viem encodes them and as a real governor reports them.

use crate::session::{Session, address, list, number};
use lampyris_vote::ballot::{self, VOTE_CAST_TOPIC};
use lampyris_vote::{Address, B256, Error, Support, U256, VoteCast};
use proptest::prelude::*;
use serde_json::Value;

fn support(value: &Value) -> Support {
    Support::try_from(number(value)).expect("a choice")
}

fn log(ballot: &Value) -> (Address, Vec<B256>, Vec<u8>) {
    let log = &ballot["log"];
    let topics = list(&log["topics"])
        .iter()
        .map(|topic| B256::from(number(topic)))
        .collect();
    let data = log["data"].as_str().expect("data").trim_start_matches("0x");
    (
        address(&log["address"]),
        topics,
        hex::decode(data).expect("data"),
    )
}

#[test]
fn names_hash_to_selectors_and_topic() {
    let hash = |signature: &str| alloy_primitives::keccak256(signature.as_bytes());
    let id = U256::from(1);
    let vote = ballot::cast_vote(id, Support::For);
    assert_eq!(vote[..4], hash("castVote(uint256,uint8)")[..4]);
    let vote = ballot::cast_vote_with_reason(id, Support::For, "");
    assert_eq!(
        vote[..4],
        hash("castVoteWithReason(uint256,uint8,string)")[..4]
    );
    assert_eq!(
        ballot::delegate(Address::ZERO)[..4],
        hash("delegate(address)")[..4]
    );
    assert_eq!(
        VOTE_CAST_TOPIC,
        hash("VoteCast(address,uint256,uint8,uint256,string)")
    );
}

#[test]
fn votes_are_encoded_and_read_as_the_contract_does() {
    let session = Session::open();
    let governor = session.governor.address;
    let (mut with_reason, ballots) = (0, list(&session.json["ballots"]));
    for ballot in ballots {
        let (id, support) = (number(&ballot["proposal"]), support(&ballot["support"]));
        let data = match ballot["reason"].as_str() {
            None => ballot::cast_vote(id, support),
            Some(reason) => {
                with_reason += 1;
                ballot::cast_vote_with_reason(id, support, reason)
            }
        };
        assert_eq!(data.to_string(), ballot["calldata"]);

        let (contract, topics, data) = log(ballot);
        let cast = VoteCast::from_log(governor, contract, &topics, &data).unwrap();
        let expected = VoteCast {
            voter: address(&ballot["voter"]),
            proposal_id: id,
            support,
            weight: number(&ballot["weight"]),
            reason: ballot["reason"].as_str().unwrap_or_default().into(),
        };
        assert_eq!(cast, Some(expected));
    }
    assert!(
        ballots.len() > 100 && with_reason > 20,
        "{} ballots",
        ballots.len()
    );
}

#[test]
fn logs_of_others_are_no_votes() {
    let session = Session::open();
    let governor = session.governor.address;
    let (contract, topics, data) = log(&session.json["ballots"][0]);
    let read = |contract, topics: &[B256]| VoteCast::from_log(governor, contract, topics, &data);
    assert!(matches!(read(contract, &topics), Ok(Some(_))));
    assert_eq!(read(Address::ZERO, &topics), Ok(None), "another contract");
    assert_eq!(
        read(contract, &[B256::ZERO, topics[1]]),
        Ok(None),
        "another event"
    );
    assert_eq!(
        read(contract, &topics[..1]),
        Ok(None),
        "another event of this name"
    );
    assert_eq!(read(contract, &[]), Ok(None), "an anonymous event");
    let wide = [topics[0], B256::repeat_byte(1)];
    assert_eq!(
        read(contract, &wide),
        Err(Error::Log {
            reason: "the voter is no address"
        })
    );
}

#[test]
fn events_cut_or_bent_are_refused() {
    let session = Session::open();
    let governor = session.governor.address;
    let ballots = list(&session.json["ballots"]);
    let ballot = ballots
        .iter()
        .find(|ballot| ballot["reason"].is_string())
        .unwrap();
    let (contract, topics, data) = log(ballot);
    let read = |data: &[u8]| VoteCast::from_log(governor, contract, &topics, data);
    let reason_end = 5 * 32 + ballot["reason"].as_str().unwrap().len();
    for length in 0..reason_end {
        assert!(read(&data[..length]).is_err(), "{length} bytes");
    }
    let mut bent = data.clone();
    bent[63] = 3;
    let reason = "the choice is none of against, for and abstain";
    assert_eq!(read(&bent), Err(Error::Log { reason }));
    let mut bent = data.clone();
    bent[127] = 0x60;
    let reason = "the reason is not where it must be";
    assert_eq!(read(&bent), Err(Error::Log { reason }));
    let mut bent = data.clone();
    bent[128] = 0xff; // a length beyond all memory
    assert_eq!(
        read(&bent),
        Err(Error::Log {
            reason: "the reason is cut short"
        })
    );
    let mut bent = data;
    bent[160] = 0xff; // no UTF-8
    assert!(read(&bent).unwrap().unwrap().reason.starts_with('\u{fffd}'));
}

#[test]
fn choices_have_the_contracts_numbers() {
    for (number, choice, name) in [
        (0, Support::Against, "against"),
        (1, Support::For, "for"),
        (2, Support::Abstain, "abstain"),
    ] {
        assert_eq!(Support::try_from(U256::from(number)), Ok(choice));
        assert_eq!(u8::from(choice), number);
        assert_eq!(usize::from(choice), usize::from(number));
        assert_eq!(choice.name(), name);
    }
    assert!(Support::try_from(U256::from(3)).is_err());
    assert!(Support::try_from(U256::MAX).is_err());
}

proptest! {
    #[test]
    fn data_never_panics(data: Vec<u8>, voter: [u8; 32]) {
        let topics = [VOTE_CAST_TOPIC, B256::from(voter)];
        let _ = VoteCast::from_log(Address::ZERO, Address::ZERO, &topics, &data);
        let mut shaped = vec![0; 160];
        shaped[127] = 0x80;
        shaped.extend(&data);
        let _ = VoteCast::from_log(Address::ZERO, Address::ZERO, &topics, &shaped);
    }
}
