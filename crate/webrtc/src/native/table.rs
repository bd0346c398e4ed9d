//! Whose datagram is it? One socket serves all connections of a listener.
//!
//! A STUN request says it by its USERNAME; everything else belongs to whom the sender's address does.
//! An address is learned from STUN requests and stays with its connection as long as that one lives, so
//! that a forged request cannot take it away.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures::channel::mpsc;
use str0m::ice::StunMessage;

use super::newcomers::{Newcomers, Rate, network};
use crate::{clock::Instant, version::Credentials};

#[cfg(feature = "fuzz")]
pub use fuzz::fuzz_datagrams;

/// Datagrams that wait for one connection. What comes beyond is lost, as it would be in any router.
pub(crate) const DATAGRAMS_WAITING_MAX: usize = 512;
/// Addresses from which one connection is heard: a dialler may have several networks.
pub(crate) const ADDRESSES_PER_CONNECTION_MAX: usize = 4;
/// An address whose connection was silent for this long may begin another.
const ADDRESS_REST: Duration = Duration::from_secs(5);

/// What a listener bears.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections in all, those in their handshake included.
    pub connections: usize,
    /// Connections of one address (of a /64 with IPv6); this machine's own are not counted.
    pub connections_per_address: usize,
    /// Handshakes at a time. Beyond, the oldest is dropped: whoever means it is done within a second.
    pub handshakes: usize,
    /// New connections of all.
    pub newcomers: Rate,
    /// New connections of one address; this machine's own are not counted.
    pub newcomers_per_address: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            connections_per_address: 64,
            handshakes: 128,
            newcomers: Rate {
                burst: 256,
                per_second: 100,
            },
            newcomers_per_address: Rate {
                burst: 32,
                per_second: 4,
            },
        }
    }
}

/// A datagram and whence it came.
#[derive(Debug)]
pub(crate) struct Datagram {
    pub(crate) source: SocketAddr,
    pub(crate) bytes: Bytes,
}

/// A dialler that was not known before.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) source: SocketAddr,
    pub(crate) credentials: Credentials,
    pub(crate) datagrams: mpsc::Receiver<Datagram>,
    pub(crate) place: Place,
}

/// The connections of a listener.
#[derive(Debug)]
pub(crate) struct Table {
    limits: Limits,
    newcomers: Newcomers,
    connections: HashMap<Arc<str>, Entry>,
    addresses: HashMap<SocketAddr, Owner>,
    next_number: u64,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    datagrams: mpsc::Sender<Datagram>,
    network: IpAddr,
    addresses: Vec<SocketAddr>,
    /// Since when it is in its handshake, if it is.
    handshake: Option<Instant>,
}

#[derive(Debug)]
struct Owner {
    username: Arc<str>,
    heard: Instant,
}

impl Table {
    pub(crate) fn new(limits: Limits, now: Instant) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            newcomers: Newcomers::new(limits.newcomers, limits.newcomers_per_address, now),
            limits,
            connections: HashMap::new(),
            addresses: HashMap::new(),
            next_number: 0,
        }))
    }

    /// Hands a datagram to its connection. If it is the first of a new one that may be, tells which.
    pub(crate) fn route(
        table: &Arc<Mutex<Self>>,
        datagram: Datagram,
        now: Instant,
    ) -> Option<Arrival> {
        let mut this = lock(table);
        // The first two bits tell STUN from DTLS (RFC 7983).
        if datagram.bytes.first().is_some_and(|first| *first < 4)
            && let Ok(message) = StunMessage::parse(&datagram.bytes)
            && message.is_binding_request()
        {
            let username: Arc<str> = message.username()?.into();
            if this.connections.contains_key(&username) {
                if this.learn(&username, datagram.source, now) {
                    this.deliver(&username, datagram);
                }
                return None;
            }
            let (listener, dialler) = message.split_username()?;
            let credentials = Credentials::from_username(listener, dialler)?;
            return this.admit(table, username, credentials, datagram, now);
        }
        let owner = this.addresses.get_mut(&datagram.source)?;
        owner.heard = now;
        let username = Arc::clone(&owner.username);
        this.deliver(&username, datagram);
        None
    }

    fn admit(
        &mut self,
        table: &Arc<Mutex<Self>>,
        username: Arc<str>,
        credentials: Credentials,
        datagram: Datagram,
        now: Instant,
    ) -> Option<Arrival> {
        let source = datagram.source;
        if !self.may_take(source, now) || !self.has_room(source.ip()) {
            return None;
        }
        if !self.newcomers.admit(source.ip(), now) {
            return None;
        }
        self.drop_oldest_handshake();
        let (datagrams, receiver) = mpsc::channel(DATAGRAMS_WAITING_MAX);
        let number = self.next_number;
        self.next_number += 1;
        let entry = Entry {
            number,
            datagrams,
            network: network(source.ip()),
            addresses: Vec::new(),
            handshake: Some(now),
        };
        self.connections.insert(Arc::clone(&username), entry);
        self.learn(&username, source, now);
        self.deliver(&username, datagram);
        Some(Arrival {
            source,
            credentials,
            datagrams: receiver,
            place: Place {
                table: Arc::clone(table),
                username,
                number,
            },
        })
    }

    fn has_room(&self, address: IpAddr) -> bool {
        let network = network(address);
        let theirs = self.connections.values();
        let theirs = theirs.filter(|entry| entry.network == network).count();
        self.connections.len() < self.limits.connections
            && (address.is_loopback() || theirs < self.limits.connections_per_address)
    }

    fn drop_oldest_handshake(&mut self) {
        let handshakes = || {
            let entries = self.connections.iter();
            entries.filter_map(|(username, entry)| Some((entry.handshake?, entry.number, username)))
        };
        if handshakes().count() >= self.limits.handshakes
            && let Some((_, number, username)) = handshakes().min()
        {
            let username = Arc::clone(username);
            self.remove(&username, number);
        }
    }

    /// Whether an address is free, or its connection dead.
    fn may_take(&self, address: SocketAddr, now: Instant) -> bool {
        self.addresses
            .get(&address)
            .is_none_or(|owner| now.saturating_duration_since(owner.heard) >= ADDRESS_REST)
    }

    /// Notes that a connection is heard from an address, if it may be.
    fn learn(&mut self, username: &Arc<str>, address: SocketAddr, now: Instant) -> bool {
        if let Some(owner) = self.addresses.get_mut(&address)
            && owner.username == *username
        {
            owner.heard = now;
            return true;
        }
        if !self.may_take(address, now) {
            return false;
        }
        let Some(entry) = self.connections.get_mut(username) else {
            return false;
        };
        if entry.addresses.len() >= ADDRESSES_PER_CONNECTION_MAX {
            return false;
        }
        entry.addresses.push(address);
        let owner = Owner {
            username: Arc::clone(username),
            heard: now,
        };
        if let Some(before) = self.addresses.insert(address, owner)
            && let Some(entry) = self.connections.get_mut(&before.username)
        {
            entry.addresses.retain(|each| *each != address);
        }
        true
    }

    fn deliver(&mut self, username: &Arc<str>, datagram: Datagram) {
        if let Some(entry) = self.connections.get_mut(username)
            && let Err(error) = entry.datagrams.try_send(datagram)
        {
            tracing::trace!(%error, "a datagram is lost");
        }
    }

    fn remove(&mut self, username: &Arc<str>, number: u64) {
        if self
            .connections
            .get(username)
            .is_some_and(|entry| entry.number == number)
            && let Some(entry) = self.connections.remove(username)
        {
            for address in entry.addresses {
                self.addresses.remove(&address);
            }
        }
    }
}

/// A connection's place in the table, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    table: Arc<Mutex<Table>>,
    username: Arc<str>,
    number: u64,
}

impl Place {
    /// The handshake is over.
    pub(crate) fn established(&self) {
        if let Some(entry) = lock(&self.table).connections.get_mut(&self.username)
            && entry.number == self.number
        {
            entry.handshake = None;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.table).remove(&self.username, self.number);
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(feature = "fuzz")]
mod fuzz;
#[cfg(test)]
mod tests;
