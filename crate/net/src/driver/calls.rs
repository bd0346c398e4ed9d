//! Reservations with gateways, and calls of other implementations through them.

use lampyris_wire::relay::Status;
use libp2p::{Multiaddr, PeerId, multiaddr::Protocol, swarm::ConnectionId};

use super::Driver;
use crate::{
    event::{Event, PeerKind},
    handle::lock,
    introduce::{Offer, Offered},
    relay::{self, Call, Notice, RESERVATIONS_MAX},
};

/// What a gateway said to our wish for a reservation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reservation {
    /// It was not asked.
    #[default]
    None,
    Asked,
    Granted,
    Refused,
}

impl Driver {
    pub(super) fn on_relay(&mut self, notice: Notice) {
        match notice {
            Notice::Reserved {
                connection,
                is_granted,
            } => {
                if let Some(record) = self.connections.get_mut(&connection) {
                    record.reservation = match is_granted {
                        true => Reservation::Granted,
                        false => Reservation::Refused,
                    };
                }
                self.reserve();
            }
            Notice::Called {
                connection,
                caller,
                call,
            } => self.on_called(connection, caller, call),
        }
    }

    /// Asks gateways for reservations while there are too few, and tells where we can be called.
    pub(super) fn reserve(&mut self) {
        if !self.introductions.is_tab() {
            return;
        }
        let held = |reservation| matches!(reservation, Reservation::Asked | Reservation::Granted);
        let connections = self.connections.values();
        let count = connections.filter(|each| held(each.reservation)).count();
        let missing = RESERVATIONS_MAX.saturating_sub(count);
        let untried = self
            .connections
            .values_mut()
            .filter(|each| each.kind == PeerKind::Gateway && each.reservation == Reservation::None);
        for connection in untried.take(missing) {
            connection.reservation = Reservation::Asked;
            connection.spawn(relay::hold(connection.opener()));
        }
        self.tell_where_we_are_called();
    }

    fn tell_where_we_are_called(&mut self) {
        let own = *self.swarm.local_peer_id();
        let granted = self.connections.values();
        let granted = granted.filter(|each| each.reservation == Reservation::Granted);
        let now: Vec<String> = granted
            .map(|each| called_at(&each.address, each.peer, own).to_string())
            .collect();
        let mut new = now.clone();
        {
            let mut listening = lock(&self.listening);
            new.retain(|address| !listening.contains(address));
            listening.retain(|address| !address.contains("/p2p-circuit/"));
            listening.extend(now);
        }
        for address in new {
            self.emit(Event::Listening { address });
        }
    }

    /// Hands a call to the transport, if we hold a reservation there and want that connection.
    fn on_called(&mut self, connection: ConnectionId, caller: PeerId, call: Box<Call>) {
        let Some(record) = self.connections.get(&connection) else {
            return;
        };
        let (via, is_held) = (record.peer, record.reservation == Reservation::Granted);
        if !is_held || caller == via || !self.wants(&caller, &via) {
            return self.refuse(connection, *call, Status::PermissionDenied);
        }
        let offered = Offered {
            via,
            from: caller,
            offer: Offer::Call(call),
        };
        if let Err(Offer::Call(call)) = self.offer(offered) {
            self.refuse(connection, *call, Status::ResourceLimitExceeded);
        }
    }

    /// Where a peer is that called us, and is connected now.
    pub(super) fn called_from(&self, caller: PeerId) -> Multiaddr {
        let via = self.introductions.carrier_of(&caller);
        let relay = via.map(|via| Multiaddr::from(Protocol::P2p(via)).with(Protocol::P2pCircuit));
        let relay = relay.unwrap_or_else(Multiaddr::empty);
        relay.with(Protocol::WebRTC).with(Protocol::P2p(caller))
    }

    fn refuse(&self, connection: ConnectionId, call: Call, status: Status) {
        if let Some(record) = self.connections.get(&connection) {
            record.spawn(call.refuse(status));
        }
    }
}

/// Where others find us through a gateway.
fn called_at(gateway: &Multiaddr, id: PeerId, own: PeerId) -> Multiaddr {
    let address = gateway.clone().with_p2p(id);
    address
        .unwrap_or_else(|address| address)
        .with(Protocol::P2pCircuit)
        .with(Protocol::WebRTC)
        .with(Protocol::P2p(own))
}
