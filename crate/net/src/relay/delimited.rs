//! Messages with their length before them, as libp2p's protocols have them.

use std::io;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use lampyris_wire::uvarint::{self, UVARINT_BYTES_MAX};

/// Reads a message, and not a byte more; none at the stream's end.
pub(super) async fn read_delimited(
    stream: &mut (impl AsyncRead + Unpin),
    bytes_max: usize,
) -> io::Result<Option<Vec<u8>>> {
    let mut prefix = Vec::new();
    let length = loop {
        let mut byte = [0];
        if stream.read(&mut byte).await? == 0 {
            return match prefix.is_empty() {
                true => Ok(None),
                false => Err(io::ErrorKind::UnexpectedEof.into()),
            };
        }
        prefix.extend(byte);
        if byte[0] & 0x80 == 0 || prefix.len() == UVARINT_BYTES_MAX {
            break uvarint::decode(&prefix).map_err(invalid)?.0;
        }
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > bytes_max {
        return Err(invalid(format!("a message of {length} bytes")));
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await?;
    Ok(Some(message))
}

/// Writes a message, at once.
pub(super) async fn write_delimited(
    stream: &mut (impl AsyncWrite + Unpin),
    message: &[u8],
) -> io::Result<()> {
    let mut bytes = Vec::new();
    uvarint::encode(u64::try_from(message.len()).unwrap_or(u64::MAX), &mut bytes);
    bytes.extend(message);
    stream.write_all(&bytes).await?;
    stream.flush().await
}

/// Whoever sent it breaks the rules.
pub(super) fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use futures::io::Cursor;

    use super::*;

    async fn read(bytes: &[u8]) -> Result<Option<Vec<u8>>, io::ErrorKind> {
        let mut stream = Cursor::new(bytes.to_vec());
        let message = read_delimited(&mut stream, 300).await;
        message.map_err(|error| error.kind())
    }

    #[tokio::test]
    async fn messages_are_bounded_and_whole() {
        let mut stream = Cursor::new(Vec::new());
        for length in [0, 1, 127, 128, 300] {
            stream.set_position(0);
            let message = vec![7; length];
            write_delimited(&mut stream, &message).await.unwrap();
            assert_eq!(read(stream.get_ref()).await, Ok(Some(message)));
        }
        assert_eq!(read(&[]).await, Ok(None));
        let invalid = Err(io::ErrorKind::InvalidData);
        assert_eq!(read(&[0xad, 2]).await, invalid, "301 bytes");
        assert_eq!(read(&[0xff; 64]).await, invalid);
        assert_eq!(read(&[0x80, 0]).await, invalid);
        let cut = Err(io::ErrorKind::UnexpectedEof);
        assert_eq!(read(&[0x80]).await, cut);
        assert_eq!(read(&[2, 0]).await, cut);
    }

    #[tokio::test]
    async fn what_follows_a_message_stays() {
        let mut stream = Cursor::new(vec![1, 7, 8, 9]);
        let message = read_delimited(&mut stream, 300).await.unwrap();
        assert_eq!((message, stream.position()), (Some(vec![7]), 2));
    }
}
