//! The addresses of this machine, for a listener on all of them.

use std::{
    net::{IpAddr, SocketAddr},
    task::{Context, Poll},
};

use if_watch::{IfEvent, tokio::IfWatcher};

use super::socket::failed;
use crate::error::Result;

/// Watches the addresses that come and go.
pub(crate) struct Interfaces {
    watcher: IfWatcher,
    listening: SocketAddr,
}

/// What became of an address.
#[derive(Debug)]
pub(crate) enum Change {
    Up(SocketAddr),
    Down(SocketAddr),
}

impl Interfaces {
    /// Of the family of `listening`.
    pub(crate) fn watch(listening: SocketAddr) -> Result<Self> {
        Ok(Self {
            watcher: IfWatcher::new().map_err(|error| failed("listing addresses", &error))?,
            listening,
        })
    }

    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Change>> {
        loop {
            let event = std::task::ready!(self.watcher.poll_if_event(context));
            let (change, address): (fn(SocketAddr) -> Change, IpAddr) = match event {
                Ok(IfEvent::Up(net)) => (Change::Up, net.addr()),
                Ok(IfEvent::Down(net)) => (Change::Down, net.addr()),
                Err(error) => return Poll::Ready(Err(failed("watching addresses", &error))),
            };
            if address.is_ipv4() == self.listening.is_ipv4() {
                let address = SocketAddr::new(address, self.listening.port());
                return Poll::Ready(Ok(change(address)));
            }
        }
    }
}
