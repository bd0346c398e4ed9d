//! A stock peer in a browser: it connects to a listener, and pings it.

#![cfg(target_arch = "wasm32")]

use futures::StreamExt;
use libp2p::{
    Multiaddr, SwarmBuilder, identify, identity::Keypair, ping, swarm::NetworkBehaviour,
    swarm::SwarmEvent, webrtc_websys,
};
use wasm_bindgen::prelude::*;

#[derive(NetworkBehaviour)]
struct Behaviour {
    identify: identify::Behaviour,
    ping: ping::Behaviour,
}

/// What was learned of a listener.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Answer {
    agent: String,
    /// How long a ping took.
    pub milliseconds: f64,
}

#[wasm_bindgen]
impl Answer {
    /// What the listener calls itself.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn agent(&self) -> String {
        self.agent.clone()
    }
}

/// Dials an address; answers once the listener has said who it is, and has answered a ping.
#[wasm_bindgen(js_name = dialAndPing)]
pub async fn dial_and_ping(address: String) -> Result<Answer, JsError> {
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_wasm_bindgen()
        .with_other_transport(|keys| {
            webrtc_websys::Transport::new(webrtc_websys::Config::new(keys))
        })?
        .with_behaviour(behaviour)?
        .build();
    swarm.dial(address.parse::<Multiaddr>()?)?;
    let (mut agent, mut round_trip) = (None, None);
    loop {
        match swarm.select_next_some().await {
            SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received {
                info,
                ..
            })) => agent = Some(info.agent_version),
            SwarmEvent::Behaviour(BehaviourEvent::Ping(event)) => {
                round_trip = Some(event.result?.as_secs_f64() * 1_000.0);
            }
            SwarmEvent::OutgoingConnectionError { error, .. } => return Err(error.into()),
            SwarmEvent::ConnectionClosed { cause, .. } => {
                return Err(JsError::new(&format!("closed: {cause:?}")));
            }
            _ => {}
        }
        if let (Some(agent), Some(milliseconds)) = (&agent, round_trip) {
            return Ok(Answer {
                agent: agent.clone(),
                milliseconds,
            });
        }
    }
}

fn behaviour(keys: &Keypair) -> Behaviour {
    let identify = identify::Config::new("/interop/1".into(), keys.public());
    Behaviour {
        identify: identify::Behaviour::new(identify),
        ping: ping::Behaviour::default(),
    }
}
