use super::*;
use std::sync::atomic::AtomicUsize;

/// How a node behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Good,
    Silent,
    Down,
    Liar,
    Empty,
}

fn pool(manners: &[Manner]) -> Pool<(usize, Manner)> {
    let nodes = manners.iter().copied().enumerate();
    Pool::new("test", nodes.map(|node| (format!("node {}", node.0), node)))
}

async fn behave((index, manner): (usize, Manner)) -> Result<usize, Error> {
    match manner {
        Manner::Good => Ok(index),
        Manner::Silent => std::future::pending().await,
        Manner::Down => Err(Error::Unreachable {
            url: "node".into(),
            reason: "cannot connect".into(),
        }),
        Manner::Liar => Err(lampyris_verify::Error::Signature.into()),
        Manner::Empty => Err(Error::Missing("block")),
    }
}

fn aside(pool: &Pool<(usize, Manner)>) -> Vec<Option<Reason>> {
    let reports = pool.reports();
    let reasons = reports.iter().map(|report| report.aside);
    reasons
        .map(|aside| aside.map(|(reason, _)| reason))
        .collect()
}

#[tokio::test]
async fn the_first_is_asked_as_long_as_it_is_good() {
    let pool = pool(&[Manner::Good, Manner::Good]);
    for _ in 0..20 {
        assert_eq!(pool.ask(Call::Small, behave).await.unwrap(), 0);
    }
    assert_eq!(pool.failovers_and_hedges(), (0, 0));
}

#[tokio::test]
async fn a_liar_is_set_aside_at_once_and_says_why() {
    let pool = pool(&[Manner::Liar, Manner::Good]);
    let asked = AtomicUsize::new(0);
    for _ in 0..20 {
        let count = |node| {
            asked.fetch_add(1, Ordering::Relaxed);
            behave(node)
        };
        assert_eq!(pool.ask(Call::Small, count).await.unwrap(), 1);
    }
    assert_eq!(asked.into_inner(), 21, "the liar was asked once");
    assert_eq!(aside(&pool), [Some(Reason::Lied), None]);
    let reports = pool.reports();
    assert!(reports[0].complaint.contains("signature"), "{reports:?}");
    assert_eq!(reports[0].asides[&Reason::Lied], 1);
}

#[tokio::test]
async fn a_dead_node_is_passed_over_after_three_failures() {
    let pool = pool(&[Manner::Down, Manner::Good]);
    for _ in 0..10 {
        assert_eq!(pool.ask(Call::Large, behave).await.unwrap(), 1);
    }
    assert!(pool.failovers_and_hedges().0 <= 3);
    // Failures alone already put it behind; the third sets it aside.
    pool.note(0, Outcome::Failed, None);
    pool.note(0, Outcome::Failed, None);
    pool.note(0, Outcome::Failed, None);
    assert_eq!(aside(&pool), [Some(Reason::Down), None]);
    pool.note(0, Outcome::Answered, None);
    assert_eq!(aside(&pool), [None, None]);
}

#[tokio::test]
async fn who_lacks_something_is_not_blamed() {
    let pool = pool(&[Manner::Empty, Manner::Good]);
    for _ in 0..10 {
        assert_eq!(pool.ask(Call::Small, behave).await.unwrap(), 1);
    }
    assert_eq!(aside(&pool), [None, None]);
    assert_eq!(pool.reports()[0].failure_share, 0.0);
}

#[tokio::test]
async fn a_silent_node_costs_a_moment_and_not_its_timeout() {
    let pool = pool(&[Manner::Silent, Manner::Good]);
    let began = tokio::time::Instant::now();
    assert_eq!(pool.ask(Call::Small, behave).await.unwrap(), 1);
    assert!(began.elapsed() <= HEDGE_AFTER.1, "{:?}", began.elapsed());
    assert_eq!(pool.failovers_and_hedges(), (0, 1));
}

#[test]
fn hedges_are_rationed() {
    let pool = pool(&[Manner::Silent, Manner::Silent]);
    let hedge = || {
        pool.earn_hedge();
        pool.spend_hedge()
    };
    let hedged = (0..50).filter(|_| hedge()).count();
    assert!((1..=6).contains(&hedged), "{hedged} for 50 questions");
}

#[tokio::test]
async fn large_questions_are_not_asked_twice_soon() {
    let pool = pool(&[Manner::Silent, Manner::Good]);
    let long = Duration::from_millis(700);
    let late = tokio::time::timeout(long, pool.ask(Call::Large, behave));
    assert!(late.await.is_err());
    assert_eq!(pool.failovers_and_hedges(), (0, 0));
}

#[tokio::test]
async fn nobody_else_is_better_than_nobody() {
    let pool = pool(&[Manner::Liar, Manner::Down]);
    for _ in 0..5 {
        let error = pool.ask(Call::Small, behave).await.unwrap_err();
        assert_ne!(Outcome::of::<()>(&Err(error)), Outcome::Answered);
    }
    assert_eq!(aside(&pool), [Some(Reason::Lied), Some(Reason::Down)]);
    let alone = self::pool(&[Manner::Good]);
    alone.note(0, Outcome::Lied, None);
    assert_eq!(alone.ask(Call::Small, behave).await.unwrap(), 0);
}

#[tokio::test]
async fn an_effect_is_decided_by_the_first_who_answers() {
    let pool = pool(&[Manner::Down, Manner::Empty, Manner::Good]);
    let error = pool.ask(Call::Send, behave).await.unwrap_err();
    assert!(matches!(error, Error::Missing(_)), "{error}");
}

#[tokio::test]
async fn stale_nodes_are_passed_over_until_they_are_fresh() {
    let pool = pool(&[Manner::Good, Manner::Good]);
    pool.note_freshness(0, Some("9 blocks behind".into()));
    assert_eq!(pool.ask(Call::Small, behave).await.unwrap(), 1);
    assert_eq!(pool.reports()[0].complaint, "9 blocks behind");
    pool.note_freshness(0, None);
    assert_eq!(pool.ask(Call::Small, behave).await.unwrap(), 0);
}
