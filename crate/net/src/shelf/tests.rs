use lampyris_wire::req_resp::decode_chunks;

use super::*;

const DIGEST: [u8; 4] = [1, 2, 3, 4];
const UPDATES: Protocol = Protocol::LightClientUpdatesByRange;

fn range(start: u64, count: u64) -> Vec<u8> {
    let numbers = [start.to_le_bytes(), count.to_le_bytes()].concat();
    req_resp::encode_request(&numbers)
}

fn update(period: u64) -> Vec<u8> {
    req_resp::encode_chunk(DIGEST, &vec![u8::try_from(period % 251).unwrap(); 500])
}

fn updates(periods: std::ops::Range<u64>) -> Vec<u8> {
    periods.flat_map(update).collect()
}

/// A Capella-form update with this attested slot.
fn newest(slot: u64) -> Vec<u8> {
    let mut ssz = 12_u32.to_le_bytes().to_vec();
    ssz.extend([7; 8]);
    ssz.extend(slot.to_le_bytes());
    ssz.extend([9; 200]);
    ssz
}

fn account(byte: u8) -> Vec<u8> {
    let request = Request::Code {
        block_hash: [byte; 32].into(),
        address: [byte; 20].into(),
        code_hash: [byte; 32].into(),
    };
    request.encode().unwrap()
}

fn answered_and_kept(shelf: &mut Shelf, protocol: Protocol, request: &[u8], response: &[u8]) {
    shelf.answered(1, protocol, request.into(), response);
    shelf.keep(1);
}

fn is_refused(protocol: Protocol, answer: &[u8]) -> bool {
    match protocol {
        Protocol::State => matches!(
            Response::decode(answer),
            Ok(Response::Failed {
                code: FailureCode::Unavailable,
                ..
            })
        ),
        _ => answer.first() == Some(&req_resp::code::RESOURCE_UNAVAILABLE),
    }
}

#[test]
fn nothing_is_served_that_was_not_found_true() {
    let mut shelf = Shelf::default();
    let requests = [
        (
            Protocol::LightClientBootstrap,
            req_resp::encode_request(&[5; 32]),
        ),
        (UPDATES, range(3, 2)),
        (Protocol::LightClientFinalityUpdate, vec![]),
        (Protocol::LightClientOptimisticUpdate, vec![]),
        (Protocol::State, account(1)),
    ];
    for (number, (protocol, request)) in (1..).zip(&requests) {
        let response = match protocol {
            Protocol::LightClientFinalityUpdate | Protocol::LightClientOptimisticUpdate => {
                req_resp::encode_chunk(DIGEST, &newest(100))
            }
            _ => updates(3..5),
        };
        shelf.answered(number, *protocol, request.clone(), &response);
    }
    shelf.heard(
        &[1; 20],
        &topic(TopicKind::OptimisticUpdate),
        &gossip::compress(&newest(9)),
    );
    shelf.keep(99);
    shelf.accepted(&[2; 20]);
    for (protocol, request) in &requests {
        assert!(
            is_refused(*protocol, &shelf.answer(*protocol, request)),
            "{protocol:?}"
        );
    }
    assert_eq!(shelf.served_bytes(), 0);
    for (number, (protocol, request)) in (1..).zip(&requests) {
        shelf.keep(number);
        let answer = shelf.answer(*protocol, request);
        assert!(!is_refused(*protocol, &answer), "{protocol:?}");
    }
    assert!(shelf.served_bytes() > 0);
}

#[test]
fn updates_are_split_by_period_and_joined_as_asked() {
    let mut shelf = Shelf::default();
    answered_and_kept(&mut shelf, UPDATES, &range(10, 4), &updates(10..14));
    answered_and_kept(&mut shelf, UPDATES, &range(20, 1), &updates(20..21));
    for (asked, given) in [
        (range(10, 4), updates(10..14)),
        (range(11, 2), updates(11..13)),
        (range(13, 128), updates(13..14)),
        (range(20, u64::MAX), updates(20..21)),
    ] {
        assert_eq!(shelf.answer(UPDATES, &asked), given);
    }
    for absent in [
        range(9, 5),
        range(14, 6),
        range(10, 0),
        range(u64::MAX, 3),
        vec![],
        vec![1; 40],
    ] {
        assert!(is_refused(UPDATES, &shelf.answer(UPDATES, &absent)));
    }
    // Less or more than was asked for, an error behind, rubbish behind: what is before it counts.
    let error = req_resp::encode_error(req_resp::code::SERVER_ERROR, "enough");
    let response = [updates(30..32), error.clone(), updates(32..33)].concat();
    answered_and_kept(&mut shelf, UPDATES, &range(30, 3), &response);
    answered_and_kept(&mut shelf, UPDATES, &range(40, 1), &updates(40..43));
    answered_and_kept(
        &mut shelf,
        UPDATES,
        &range(50, 3),
        &[updates(50..51), vec![0xff; 9]].concat(),
    );
    answered_and_kept(&mut shelf, UPDATES, &range(60, 3), &error);
    for (start, held) in [(30, 30..32), (40, 40..41), (50, 50..51)] {
        assert_eq!(shelf.answer(UPDATES, &range(start, 9)), updates(held));
    }
    assert!(is_refused(UPDATES, &shelf.answer(UPDATES, &range(60, 1))));
}

#[test]
fn a_better_update_of_a_period_replaces_the_older_one() {
    let mut shelf = Shelf::default();
    for number in [1, 2] {
        let better = req_resp::encode_chunk(DIGEST, &[number; 90]);
        answered_and_kept(&mut shelf, UPDATES, &range(7, 1), &better);
        assert_eq!(shelf.answer(UPDATES, &range(7, 1)), better);
    }
    assert_eq!(shelf.entries.len(), 1);
}

#[test]
fn bytes_are_bounded_and_the_least_recently_used_go_first() {
    let bytes_max = 100_000;
    let mut shelf = Shelf::new(bytes_max);
    let favourite = account(0);
    answered_and_kept(&mut shelf, Protocol::State, &favourite, &[1; 9_000]);
    for number in 1..=250 {
        answered_and_kept(
            &mut shelf,
            Protocol::State,
            &account(number),
            &[number; 9_000],
        );
        assert!(shelf.bytes <= bytes_max, "{} bytes", shelf.bytes);
        assert!(shelf.entry((Protocol::State, favourite.clone())).is_some());
    }
    let held: usize = shelf
        .entries
        .iter()
        .map(|(name, entry)| cost(name, &entry.bytes))
        .sum();
    assert_eq!(held, shelf.bytes);
    assert_eq!(shelf.entries.len(), 10);
    assert!(shelf.entry((Protocol::State, account(250))).is_some());
    assert!(shelf.entry((Protocol::State, account(241))).is_none());
    // What is larger than the whole shelf leaves the rest where it is.
    answered_and_kept(
        &mut shelf,
        Protocol::State,
        &account(251),
        &vec![1; bytes_max],
    );
    assert_eq!(shelf.entries.len(), 10);
}

#[test]
fn only_what_stays_true_is_kept() {
    let mut shelf = Shelf::default();
    let hash = [1; 32];
    for (request, lasts) in [
        (
            Request::Headers {
                hash: hash.into(),
                count: 3,
            },
            true,
        ),
        (
            Request::Preimage {
                hash: hash.into(),
                hint: [2; 20].into(),
            },
            true,
        ),
        (
            Request::StateProof {
                block_hash: hash.into(),
                accounts: vec![],
            },
            true,
        ),
        (Request::Transaction { hash: hash.into() }, false),
        (
            Request::SendTransaction {
                raw: vec![1; 40].into(),
            },
            false,
        ),
    ] {
        let request = request.encode().unwrap();
        answered_and_kept(&mut shelf, Protocol::State, &request, &[1; 50]);
        let answer = shelf.answer(Protocol::State, &request);
        assert_eq!(!is_refused(Protocol::State, &answer), lasts);
    }
    answered_and_kept(&mut shelf, Protocol::State, &[200, 1, 2], &[1; 50]);
    assert!(is_refused(
        Protocol::State,
        &shelf.answer(Protocol::State, &[200, 1, 2])
    ));
}

fn topic(kind: TopicKind) -> String {
    gossip::topic_name(DIGEST, kind)
}

fn accepted(shelf: &mut Shelf, kind: TopicKind, slot: u64) {
    shelf.heard(
        &slot.to_le_bytes(),
        &topic(kind),
        &gossip::compress(&newest(slot)),
    );
    shelf.accepted(&slot.to_le_bytes());
}

fn slot_served(shelf: &mut Shelf, protocol: Protocol) -> Option<u64> {
    let answer = shelf.answer(protocol, &[]);
    let chunks = decode_chunks(&answer, 8 * 1024, 1).ok()?;
    assert_eq!(chunks[0].digest, DIGEST);
    attested_slot(&chunks[0].ssz)
}

#[test]
fn the_newest_update_is_served_as_long_as_it_is_near_the_head() {
    let (finality, optimistic) = (
        Protocol::LightClientFinalityUpdate,
        Protocol::LightClientOptimisticUpdate,
    );
    let mut shelf = Shelf::default();
    accepted(&mut shelf, TopicKind::FinalityUpdate, 100);
    accepted(&mut shelf, TopicKind::OptimisticUpdate, 104);
    assert_eq!(slot_served(&mut shelf, finality), Some(100));
    assert_eq!(slot_served(&mut shelf, optimistic), Some(104));
    accepted(&mut shelf, TopicKind::OptimisticUpdate, 105);
    assert_eq!(slot_served(&mut shelf, finality), None);
    assert_eq!(slot_served(&mut shelf, optimistic), Some(105));
    // An older one by request does not replace it, a newer one does.
    for (slot, expected) in [(103, 105), (110, 110)] {
        let response = req_resp::encode_chunk(DIGEST, &newest(slot));
        answered_and_kept(&mut shelf, optimistic, &[], &response);
        assert_eq!(slot_served(&mut shelf, optimistic), Some(expected));
    }
}

#[test]
fn what_cannot_be_read_is_not_kept() {
    let mut shelf = Shelf::default();
    for (id, data) in [
        vec![],
        vec![0xff; 50],
        gossip::compress(&[1; 3]),
        gossip::compress(&[0xff; 90]),
        gossip::compress(&vec![0; 60_000]),
    ]
    .into_iter()
    .enumerate()
    {
        shelf.heard(
            &id.to_le_bytes(),
            &topic(TopicKind::OptimisticUpdate),
            &data,
        );
        shelf.accepted(&id.to_le_bytes());
    }
    shelf.heard(
        b"other",
        "/eth2/01020304/beacon_block/ssz_snappy",
        &gossip::compress(&newest(1)),
    );
    shelf.accepted(b"other");
    assert!(shelf.optimistic.is_none() && shelf.finality.is_none());
    for request in [vec![], req_resp::encode_request(&[1; 31]), vec![9; 60]] {
        answered_and_kept(
            &mut shelf,
            Protocol::LightClientBootstrap,
            &request,
            &update(1),
        );
    }
    let root = req_resp::encode_request(&[1; 32]);
    let huge = req_resp::encode_chunk(DIGEST, &[0; 40_000]);
    for response in [vec![], vec![0; 4], huge] {
        answered_and_kept(&mut shelf, Protocol::LightClientBootstrap, &root, &response);
    }
    assert!(shelf.entries.is_empty());
}

#[test]
fn the_uplink_has_a_budget() {
    let mut shelf = Shelf::default();
    let request = account(1);
    answered_and_kept(&mut shelf, Protocol::State, &request, &vec![3; 1_000_000]);
    let answers: Vec<_> = (0..20)
        .map(|_| shelf.answer(Protocol::State, &request).len())
        .collect();
    assert!(
        answers
            .iter()
            .filter(|length| **length == 1_000_000)
            .count()
            <= 5,
        "{answers:?}"
    );
    assert_eq!(answers.first(), Some(&1_000_000));
    let last = shelf.answer(Protocol::State, &request);
    assert!(matches!(
        Response::decode(&last),
        Ok(Response::Failed {
            code: FailureCode::RateLimited,
            ..
        })
    ));
    assert_eq!(
        shelf.served_bytes(),
        answers
            .iter()
            .filter(|length| **length == 1_000_000)
            .count() as u64
            * 1_000_000
    );
}
