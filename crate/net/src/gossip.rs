//! Gossipsub for light-client updates: Ethereum's rules, parameters for few topics and churning tabs.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use lampyris_wire::{gossip as wire, mesh};
use libp2p::gossipsub::{
    Behaviour, ConfigBuilder, IdentTopic, IdentityTransform, MaxCountSubscriptionFilter, Message,
    MessageAuthenticity, MessageId, PeerScoreParams, PeerScoreThresholds, PublishError, TopicHash,
    TopicScoreParams, TopicSubscriptionFilter, ValidationMode,
};

use crate::error::{Error, Result};

/// A finality update is 2.2 kB; everything larger goes by request.
const MESSAGE_BYTES_MAX: usize = wire::MESSAGE_BYTES_MAX;
/// Two topics a fork, two forks at a fork's boundary, and the same again.
const TOPICS_MAX: usize = 8;

/// The behaviour with our topics only.
pub(crate) type Gossip =
    Behaviour<IdentityTransform, MaxCountSubscriptionFilter<LightClientTopics>>;

/// Lets peers subscribe to light-client topics, of whatever fork: they may know the next one before
/// we do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LightClientTopics;

impl TopicSubscriptionFilter for LightClientTopics {
    fn can_subscribe(&mut self, topic: &TopicHash) -> bool {
        wire::parse_topic(topic.as_str()).is_ok()
    }
}

/// Lets a publisher say the same again, for newcomers.
///
/// Gossipsub refuses to publish what it has published before, and its memory forgets expired messages
/// only when a new one comes. So a repeated message is published under another id *here*; its
/// receivers compute the right one and drop what they have seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Repetition(Arc<AtomicU64>);

impl Repetition {
    /// Publishes, a repetition too.
    pub(crate) fn publish(
        &self,
        gossip: &mut Gossip,
        topic: &TopicHash,
        data: Vec<u8>,
        number: u64,
    ) -> std::result::Result<(), PublishError> {
        match gossip.publish(topic.clone(), data.clone()) {
            Err(PublishError::Duplicate) => {}
            published => return published.map(|_| ()),
        }
        self.0.store(number, Ordering::Relaxed);
        let published = gossip.publish(topic.clone(), data);
        self.0.store(0, Ordering::Relaxed);
        published.map(|_| ())
    }

    fn message_id(&self, message: &Message) -> MessageId {
        let mut id = wire::message_id(message.topic.as_str(), &message.data).to_vec();
        match self.0.load(Ordering::Relaxed) {
            0 => {}
            number => id.extend(number.to_le_bytes()),
        }
        MessageId::from(id)
    }
}

/// Makes the behaviour. Without an author's signature, as Ethereum's: an update proves itself.
pub(crate) fn behaviour(repetition: Option<Repetition>) -> Result<Gossip> {
    // Whoever repeats does not announce ids that nobody else knows; it floods what it publishes.
    let history_gossip = if repetition.is_some() {
        0
    } else {
        mesh::HISTORY_GOSSIP
    };
    let repetition = repetition.unwrap_or_default();
    let wrong = |error: &dyn ToString| Error::Config {
        reason: error.to_string(),
    };
    let config = ConfigBuilder::default()
        .validation_mode(ValidationMode::Anonymous)
        .validate_messages()
        .message_id_fn(move |message| repetition.message_id(message))
        .mesh_n(mesh::D)
        .mesh_n_low(mesh::D_LOW)
        .mesh_n_high(mesh::D_HIGH)
        .retain_scores(mesh::D_SCORE)
        .mesh_outbound_min(1)
        .gossip_lazy(mesh::D_LAZY)
        .gossip_factor(mesh::GOSSIP_FACTOR)
        .heartbeat_interval(mesh::HEARTBEAT)
        // A verdict may take as long as a message stays here.
        .history_length(mesh::HISTORY_LENGTH)
        .history_gossip(history_gossip)
        .flood_publish(true)
        .max_transmit_size(MESSAGE_BYTES_MAX)
        .max_publish_messages(mesh::FRAME_MESSAGES_MAX)
        .connection_handler_queue_len(64)
        .publish_queue_duration(Duration::from_secs(5))
        .forward_queue_duration(Duration::from_secs(2))
        .duplicate_cache_time(mesh::SEEN_TIME)
        .prune_backoff(mesh::PRUNE_BACKOFF)
        .iwant_followup_time(mesh::IWANT_FOLLOWUP)
        .max_ihave_messages_heartbeat(mesh::IHAVE_MESSAGES_MAX)
        .max_control_messages_sent(mesh::IHAVE_IDS_MAX)
        .max_control_message_size(mesh::CONTROL_BYTES_MAX)
        .build()
        .map_err(|error| wrong(&error))?;
    let filter = MaxCountSubscriptionFilter {
        filter: LightClientTopics,
        max_subscribed_topics: TOPICS_MAX,
        max_subscriptions_per_request: 2 * TOPICS_MAX,
    };
    let authenticity = MessageAuthenticity::Anonymous;
    let mut behaviour = Gossip::new_with_subscription_filter(authenticity, config, filter)
        .map_err(|error| wrong(&error))?;
    behaviour
        .with_peer_score(peer_score(), thresholds())
        .map_err(|error| wrong(&error))?;
    Ok(behaviour)
}

/// The topic of a name, if this network carries it.
pub(crate) fn topic(name: &str) -> Result<IdentTopic> {
    wire::parse_topic(name).map_err(Error::Topic)?;
    Ok(IdentTopic::new(name))
}

/// How a topic's messages count.
pub(crate) fn topic_score() -> TopicScoreParams {
    TopicScoreParams {
        topic_weight: 1.0,
        time_in_mesh_weight: 1.0,
        time_in_mesh_quantum: Duration::from_secs(60),
        time_in_mesh_cap: mesh::TIME_IN_MESH_CAP,
        first_message_deliveries_weight: 1.0,
        first_message_deliveries_decay: mesh::decay(mesh::FIRST_DELIVERIES_DECAY),
        first_message_deliveries_cap: mesh::FIRST_DELIVERIES_CAP,
        // Silence costs nothing: there is one message a slot at most, and tabs sleep.
        mesh_message_deliveries_weight: 0.0,
        mesh_failure_penalty_weight: 0.0,
        invalid_message_deliveries_weight: mesh::INVALID_WEIGHT,
        invalid_message_deliveries_decay: mesh::decay(mesh::INVALID_DECAY),
        ..TopicScoreParams::default()
    }
}

fn peer_score() -> PeerScoreParams {
    PeerScoreParams {
        topics: HashMap::new(),
        topic_score_cap: mesh::TIME_IN_MESH_CAP + mesh::FIRST_DELIVERIES_CAP,
        app_specific_weight: 1.0,
        // Classrooms and offices share an address; a flood from one is still noticed.
        ip_colocation_factor_weight: -0.1,
        ip_colocation_factor_threshold: 64.0,
        ip_colocation_factor_whitelist: [
            IpAddr::from([127, 0, 0, 1]),
            IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        ]
        .into(),
        behaviour_penalty_weight: mesh::BEHAVIOUR_WEIGHT,
        behaviour_penalty_threshold: mesh::BEHAVIOUR_THRESHOLD,
        behaviour_penalty_decay: mesh::decay(mesh::BEHAVIOUR_DECAY),
        decay_interval: mesh::DECAY_INTERVAL,
        // A slow tab is not a bad one.
        slow_peer_weight: 0.0,
        ..PeerScoreParams::default()
    }
}

fn thresholds() -> PeerScoreThresholds {
    PeerScoreThresholds {
        gossip_threshold: mesh::GOSSIP_THRESHOLD,
        publish_threshold: mesh::PUBLISH_THRESHOLD,
        graylist_threshold: mesh::GRAYLIST_THRESHOLD,
        accept_px_threshold: 100.0,
        opportunistic_graft_threshold: 5.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_are_accepted() {
        assert!(behaviour(None).is_ok());
        assert!(behaviour(Some(Repetition::default())).is_ok());
        assert!(topic_score().validate().is_ok());
    }

    #[test]
    fn only_light_client_topics_are_carried() {
        let name = wire::topic_name([1, 2, 3, 4], wire::TopicKind::FinalityUpdate);
        assert!(LightClientTopics.can_subscribe(&topic(&name).unwrap().hash()));
        let other = "/eth2/01020304/beacon_block/ssz_snappy";
        assert!(!LightClientTopics.can_subscribe(&IdentTopic::new(other).hash()));
        assert!(matches!(topic(other), Err(Error::Topic(_))));
    }

    #[test]
    fn one_invalid_message_outweighs_all_merits() {
        let score = topic_score();
        let merits = score.time_in_mesh_cap + score.first_message_deliveries_cap;
        assert!(merits + score.invalid_message_deliveries_weight < thresholds().graylist_threshold);
    }
}
