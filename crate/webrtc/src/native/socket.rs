//! UDP sockets, and where a connection's datagrams come from.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use futures::channel::mpsc;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use super::table::{Datagram, Place};
use crate::error::{Error, Result};

/// The longest datagram that is read. Nobody sends longer ones: WebRTC keeps below an Ethernet frame.
pub(crate) const DATAGRAM_BYTES_MAX: usize = 2_048;
/// What the system may hold for us of a listener's datagrams. It grants less where its own limit is.
const LISTENER_BUFFER_BYTES: usize = 4 * 1_024 * 1_024;

/// Where datagrams come from.
#[derive(Debug)]
pub(crate) enum Inlet {
    /// A socket of our own.
    Own {
        remote: SocketAddr,
        space: Box<[u8; DATAGRAM_BYTES_MAX]>,
    },
    /// A listener's socket.
    Shared {
        datagrams: mpsc::Receiver<Datagram>,
        place: Place,
    },
}

/// A socket for many connections.
pub(crate) fn listen(address: SocketAddr) -> Result<UdpSocket> {
    bind(address, LISTENER_BUFFER_BYTES).map_err(|error| failed("listening", &error))
}

/// A socket for one connection, which hears nobody else.
pub(crate) fn dial(address: SocketAddr) -> Result<UdpSocket> {
    let any: IpAddr = if address.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let connected = || {
        let socket = bind(SocketAddr::new(any, 0), LISTENER_BUFFER_BYTES / 4)?;
        // For UDP this only sets who the other side is, and does not wait.
        socket2::SockRef::from(&socket).connect(&address.into())?;
        Ok(socket)
    };
    connected().map_err(|error: io::Error| failed("dialling", &error))
}

pub(crate) fn failed(action: &'static str, error: &io::Error) -> Error {
    Error::Platform {
        action,
        reason: error.to_string(),
    }
}

fn bind(address: SocketAddr, buffer_bytes: usize) -> io::Result<UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    // Less than wished for is still enough to work.
    if let Err(error) = socket.set_recv_buffer_size(buffer_bytes) {
        tracing::debug!(%error, "the socket keeps its small buffer");
    }
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}
