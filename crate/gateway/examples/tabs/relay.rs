//! Forwards the datagrams between one tab and the gateway, and counts them.

use std::{
    io,
    net::SocketAddr,
    ops::Sub,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::net::UdpSocket;

/// The largest datagram.
const DATAGRAM_BYTES_MAX: usize = 65_536;

/// A relay; it ends with the program.
#[derive(Debug)]
pub(crate) struct Relay {
    port: u16,
    totals: Arc<Totals>,
}

#[derive(Debug, Default)]
struct Totals {
    down_bytes: AtomicU64,
    down_datagrams: AtomicU64,
    up_bytes: AtomicU64,
    up_datagrams: AtomicU64,
}

/// What went through: down to the tab, up to the gateway. Payload of UDP.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) down_bytes: u64,
    pub(crate) down_datagrams: u64,
    pub(crate) up_bytes: u64,
    pub(crate) up_datagrams: u64,
}

impl Relay {
    /// A relay to the gateway at a multiaddress.
    pub(crate) async fn start(gateway: &str) -> io::Result<Self> {
        let parts: Vec<&str> = gateway.split('/').collect();
        let wrong = || io::Error::other("the gateway's address is not /ip4/…/udp/…");
        let (host, port) = match parts.as_slice() {
            ["", "ip4", host, "udp", port, ..] => (host, port),
            _ => return Err(wrong()),
        };
        let gateway: SocketAddr = format!("{host}:{port}").parse().map_err(|_| wrong())?;
        let front = UdpSocket::bind("127.0.0.1:0").await?;
        let port = front.local_addr()?.port();
        let totals = Arc::new(Totals::default());
        let back = connected(gateway).await?;
        tokio::spawn(forward(front, back, gateway, totals.clone()));
        Ok(Self { port, totals })
    }

    /// The gateway's multiaddress by way of this relay.
    pub(crate) fn address(&self, gateway: &str) -> String {
        let mut parts: Vec<String> = gateway.split('/').map(str::to_owned).collect();
        if let [_, _, host, _, port, ..] = parts.as_mut_slice() {
            *host = "127.0.0.1".into();
            *port = self.port.to_string();
        }
        parts.join("/")
    }

    /// What went through so far.
    pub(crate) fn counts(&self) -> Counts {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            down_bytes: load(&self.totals.down_bytes),
            down_datagrams: load(&self.totals.down_datagrams),
            up_bytes: load(&self.totals.up_bytes),
            up_datagrams: load(&self.totals.up_datagrams),
        }
    }
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            down_bytes: self.down_bytes - before.down_bytes,
            down_datagrams: self.down_datagrams - before.down_datagrams,
            up_bytes: self.up_bytes - before.up_bytes,
            up_datagrams: self.up_datagrams - before.up_datagrams,
        }
    }
}

/// A socket of its own towards the gateway.
async fn connected(gateway: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    socket.connect(gateway).await?;
    Ok(socket)
}

async fn forward(front: UdpSocket, mut back: UdpSocket, gateway: SocketAddr, totals: Arc<Totals>) {
    let (mut up, mut down) = (vec![0; DATAGRAM_BYTES_MAX], vec![0; DATAGRAM_BYTES_MAX]);
    let mut tab: Option<SocketAddr> = None;
    // A datagram that cannot be sent is lost, as on any way.
    loop {
        tokio::select! {
            Ok((length, from)) = front.recv_from(&mut up) => {
                // A tab that tries again comes from another port, and must to the gateway too.
                if tab.is_some_and(|tab| tab != from)
                    && let Ok(fresh) = connected(gateway).await
                {
                    back = fresh;
                }
                tab = Some(from);
                count(&totals.up_bytes, &totals.up_datagrams, length);
                let _lost = back.send(&up[..length]).await;
            }
            Ok(length) = back.recv(&mut down) => {
                count(&totals.down_bytes, &totals.down_datagrams, length);
                if let Some(tab) = tab {
                    let _lost = front.send_to(&down[..length], tab).await;
                }
            }
        }
    }
}

fn count(bytes: &AtomicU64, datagrams: &AtomicU64, length: usize) {
    bytes.fetch_add(u64::try_from(length).unwrap_or(u64::MAX), Ordering::Relaxed);
    datagrams.fetch_add(1, Ordering::Relaxed);
}
