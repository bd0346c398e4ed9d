//! Signalling as the side that was called: an offer, our answer, the caller's addresses.

use std::{future::poll_fn, io, pin::pin, time::Duration};

use futures::{
    AsyncRead, AsyncWrite, AsyncWriteExt,
    future::{self, Either},
};
use lampyris_wire::signalling::{Kind, MESSAGE_BYTES_MAX, Message};
use libp2p::core::muxing::StreamMuxerBox;

use super::delimited::{invalid, read_delimited, write_delimited};
use crate::{
    config::Config,
    introduce::{Servers, Signalled, answer_sdp, in_time},
    requests::once::read_bounded,
};

/// Messages after the offer, each with an address. A browser finds some ten, of which few are tried.
const MESSAGES_MAX: usize = 64;
/// How long we wait for the other side once one of the two says that they are connected.
const SETTLING_TIME: Duration = Duration::from_secs(3);

/// Answers an offer, and gives the connection once the caller has ended the signalling.
pub(super) async fn answer(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    config: &Config,
    servers: &Servers,
) -> io::Result<StreamMuxerBox> {
    let offer = read(&mut stream).await?;
    let offer = offer.filter(|message| message.kind == Kind::Offer);
    let Some(Message { data: offer, .. }) = offer else {
        return Err(invalid("no offer"));
    };
    let (sdp, mut signalled) = answer_sdp(config, servers, offer).await?;
    let message = Message {
        kind: Kind::Answer,
        data: sdp,
    };
    let message = message.encode().map_err(io::Error::other)?;
    write_delimited(&mut stream, &message).await?;
    take_addresses(&mut stream, &mut signalled).await?;
    // The caller closes its first channel, then this stream; before, it is not ready for ours.
    let rest = read_bounded(&mut stream, MESSAGES_MAX * MESSAGE_BYTES_MAX);
    in_time(SETTLING_TIME, rest).await;
    // It may be closed already.
    let _closed = stream.close().await;
    signalled.into_muxer()
}

/// Takes the caller's addresses until the two are connected.
async fn take_addresses(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    signalled: &mut Signalled,
) -> io::Result<()> {
    for _ in 0..MESSAGES_MAX {
        let connected = poll_fn(|context| signalled.poll_connected(context));
        let message = match future::select(connected, pin!(read(stream))).await {
            Either::Left((connected, _)) => return connected,
            Either::Right((message, _)) => message,
        };
        match message {
            Ok(Some(Message {
                kind: Kind::Candidate,
                data,
            })) => signalled.add_candidate(&data),
            Ok(Some(_)) => return Err(invalid("neither offer nor answer is wanted now")),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(error),
            // The caller may know before us that we are connected.
            Ok(None) | Err(_) => {
                let connected = poll_fn(|context| signalled.poll_connected(context));
                let connected = in_time(SETTLING_TIME, connected).await;
                return connected.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()));
            }
        }
    }
    Err(invalid(format!("more than {MESSAGES_MAX} messages")))
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Message>> {
    let Some(bytes) = read_delimited(stream, MESSAGE_BYTES_MAX).await? else {
        return Ok(None);
    };
    Message::decode(&bytes).map(Some).map_err(invalid)
}
