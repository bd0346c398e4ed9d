//! Encryption and streams over a transport that has neither: Noise and yamux, as everywhere in libp2p.

use std::time::Duration;

use futures::{AsyncRead, AsyncWrite};
use libp2p::{
    Transport,
    core::{muxing::StreamMuxerBox, upgrade::Version},
    noise, yamux,
};

use super::Connections;
use crate::{
    config::Config,
    error::{Error, Result},
};

/// How long connecting may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// Streams of a connection, of both sides together. Each may hold 256 KiB that nobody has read yet;
/// an honest peer has about fifty.
const STREAMS_MAX: usize = 128;

/// Makes connections out of a transport's byte streams.
pub(super) fn secured<T>(transport: T, config: &Config) -> Result<Connections>
where
    T: Transport + Send + Unpin + 'static,
    T::Output: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    T::Error: Send + Sync + 'static,
    T::Dial: Send + 'static,
    T::ListenerUpgrade: Send + 'static,
{
    let noise = noise::Config::new(config.key.pair()).map_err(|error| Error::Config {
        reason: error.to_string(),
    })?;
    let mut streams = yamux::Config::default();
    streams.set_max_num_streams(STREAMS_MAX);
    Ok(transport
        .upgrade(Version::V1)
        .authenticate(noise)
        .multiplex(streams)
        .timeout(CONNECT_TIME)
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)))
        .boxed())
}
