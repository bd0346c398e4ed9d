//! `/lampyris/records/1`: who dialled says what it knows, the other answers with what it knows. Each
//! side sends up to [`BATCH_MAX`] records as `u16le length ‖ envelope`, and ends its half of the stream.

use std::time::Duration;

use futures::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt,
    future::{self, Either},
};
use futures_timer::Delay;
use libp2p::PeerId;

use super::{BATCH_MAX, RECORD_BYTES_MAX, Scope, Shared};
use crate::handle::lock;

/// How long an exchange may take.
const EXCHANGE_TIME: Duration = Duration::from_secs(10);

/// With whom records are exchanged. Both ways of it give whether something was new, or what false
/// thing the peer told.
#[derive(Debug)]
pub(crate) struct Acquaintance {
    pub(crate) table: Shared,
    pub(crate) peer: PeerId,
    pub(crate) scope: Scope,
}

impl Acquaintance {
    /// Says what we know and takes what the peer knows; whom we have dialled is known to work.
    pub(crate) async fn ask(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
    ) -> Result<bool, String> {
        let told = in_time(async {
            match self.write(&mut stream).await {
                Some(()) => self.read(&mut stream).await,
                None => Ok(false),
            }
        })
        .await;
        lock(&self.table).worked(&self.peer);
        told
    }

    /// The same on the listening side.
    pub(crate) async fn answer(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
    ) -> Result<bool, String> {
        in_time(async {
            let is_new = self.read(&mut stream).await?;
            let _gone = self.write(&mut stream).await;
            Ok(is_new)
        })
        .await
    }

    /// Nothing is given when the stream broke.
    async fn write(&self, stream: &mut (impl AsyncWrite + Unpin)) -> Option<()> {
        let batch = lock(&self.table).batch(self.peer);
        let mut bytes = Vec::new();
        for envelope in batch {
            let length = u16::try_from(envelope.len()).ok()?;
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(&envelope);
        }
        stream.write_all(&bytes).await.ok()?;
        stream.close().await.ok()
    }

    /// A stream that ends early is no fault: connections do.
    pub(crate) async fn read(&self, stream: &mut (impl AsyncRead + Unpin)) -> Result<bool, String> {
        let mut is_new = false;
        for _ in 0..BATCH_MAX {
            let mut length = [0; 2];
            if stream.read_exact(&mut length).await.is_err() {
                break;
            }
            let length = usize::from(u16::from_le_bytes(length));
            if length > RECORD_BYTES_MAX {
                return Err(format!("a peer record of {length} bytes"));
            }
            let mut envelope = vec![0; length];
            if stream.read_exact(&mut envelope).await.is_err() {
                break;
            }
            let taken = lock(&self.table).insert(&envelope, Some(self.peer), self.scope);
            is_new |= taken.map_err(|error| format!("a false peer record: {error}"))?;
        }
        Ok(is_new)
    }
}

/// Who is slow has nothing to tell; that is no fault.
async fn in_time(exchange: impl Future<Output = Result<bool, String>>) -> Result<bool, String> {
    futures::pin_mut!(exchange);
    match future::select(exchange, Delay::new(EXCHANGE_TIME)).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Ok(false),
    }
}
