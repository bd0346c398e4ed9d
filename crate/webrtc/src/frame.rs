//! The frames of a stream: what passes over a data channel.
//!
//! A data channel can neither half-close nor reset, so libp2p wraps each message: a length (varint),
//! then a protobuf message of an optional flag and optional bytes
//! ([libp2p: WebRTC, Multiplexing](https://github.com/libp2p/specs/blob/master/webrtc/README.md#multiplexing)).
//! Some send several frames in one message or split one over two, so a channel is read as bytes.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// What a frame may measure, length included.
pub(crate) const FRAME_BYTES_MAX: usize = 16 * 1_024;
/// What we put into one frame at most: the stock native crate reads into 8 192 bytes, and a frame
/// around this is as long. Nothing is gained by longer ones.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 8_176;

const FLAG_TAG: u8 = 0x08;
const PAYLOAD_TAG: u8 = 0x12;

/// A signal about one direction of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    /// The sender sends no more.
    Fin,
    /// The sender reads no more.
    StopSending,
    /// The sender broke off.
    Reset,
    /// The sender has received the other's [`Flag::Fin`], and so all that came before it.
    FinAck,
}

impl Flag {
    const fn code(self) -> u8 {
        match self {
            Self::Fin => 0,
            Self::StopSending => 1,
            Self::Reset => 2,
            Self::FinAck => 3,
        }
    }

    /// A flag of a later version says nothing to us.
    const fn from_code(code: u64) -> Option<Self> {
        match code {
            0 => Some(Self::Fin),
            1 => Some(Self::StopSending),
            2 => Some(Self::Reset),
            3 => Some(Self::FinAck),
            _ => None,
        }
    }
}

/// One frame, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) flag: Option<Flag>,
    pub(crate) payload: Bytes,
}

/// What does not follow the rules; the other side's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Longer than the protocol allows.
    #[error("a frame of {got} bytes, {FRAME_BYTES_MAX} are allowed")]
    TooLong {
        /// Its announced length.
        got: u64,
    },
    /// Not the protobuf message that it should be.
    #[error("a malformed frame")]
    Malformed,
}

/// Wraps at most [`PAYLOAD_BYTES_MAX`] bytes.
pub(crate) fn data(payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(payload.len() + 8);
    let header = 1 + varint_length(payload.len());
    put_varint(&mut frame, header + payload.len());
    frame.put_u8(PAYLOAD_TAG);
    put_varint(&mut frame, payload.len());
    frame.put_slice(payload);
    frame.freeze()
}

/// A frame of a flag alone.
pub(crate) fn flag(flag: Flag) -> Bytes {
    Bytes::copy_from_slice(&[2, FLAG_TAG, flag.code()])
}

/// Puts frames together again.
#[derive(Debug, Default)]
pub(crate) struct Decoder(BytesMut);

impl Decoder {
    /// Takes a message.
    pub(crate) fn push(&mut self, message: &[u8]) {
        self.0.extend_from_slice(message);
    }

    /// Bytes that are no whole frame yet.
    #[cfg(all(feature = "fuzz", not(target_arch = "wasm32")))]
    pub(crate) fn waiting(&self) -> usize {
        self.0.len()
    }

    /// The next whole frame. Nothing is kept for what is only announced.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        let mut rest = self.0.as_ref();
        let length = match take_varint(&mut rest) {
            Ok(length) => length,
            Err(Varint::Incomplete) => return Ok(None),
            Err(Varint::TooLong) => return Err(FrameError::Malformed),
        };
        let prefix = self.0.len() - rest.len();
        let length = match usize::try_from(length) {
            Ok(length) if prefix + length <= FRAME_BYTES_MAX => length,
            _ => return Err(FrameError::TooLong { got: length }),
        };
        if rest.len() < length {
            return Ok(None);
        }
        self.0.advance(prefix);
        let body = self.0.split_to(length).freeze();
        if self.0.is_empty() {
            self.0 = BytesMut::new();
        }
        frame(body).map(Some)
    }
}

fn frame(body: Bytes) -> Result<Frame, FrameError> {
    let mut result = Frame {
        flag: None,
        payload: Bytes::new(),
    };
    let mut rest = body.as_ref();
    while !rest.is_empty() {
        let key = take_varint(&mut rest).map_err(|_| FrameError::Malformed)?;
        match (key >> 3, key & 7) {
            (1, 0) => {
                let code = take_varint(&mut rest).map_err(|_| FrameError::Malformed)?;
                result.flag = Flag::from_code(code);
            }
            (field, 2) => {
                let bytes = take_delimited(&mut rest)?;
                if field == 2 {
                    result.payload = body.slice_ref(bytes);
                }
            }
            (_, wire_type) => skip(&mut rest, wire_type)?,
        }
    }
    Ok(result)
}

fn take_delimited<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], FrameError> {
    let length = take_varint(rest).map_err(|_| FrameError::Malformed)?;
    let (bytes, after) = usize::try_from(length)
        .ok()
        .and_then(|length| rest.split_at_checked(length))
        .ok_or(FrameError::Malformed)?;
    *rest = after;
    Ok(bytes)
}

fn skip(rest: &mut &[u8], wire_type: u64) -> Result<(), FrameError> {
    let length = match wire_type {
        0 => {
            return take_varint(rest)
                .map(drop)
                .map_err(|_| FrameError::Malformed);
        }
        1 => 8,
        5 => 4,
        _ => return Err(FrameError::Malformed),
    };
    *rest = rest.get(length..).ok_or(FrameError::Malformed)?;
    Ok(())
}

enum Varint {
    Incomplete,
    TooLong,
}

fn take_varint(rest: &mut &[u8]) -> Result<u64, Varint> {
    let mut value = 0_u64;
    for (index, byte) in rest.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            *rest = rest.get(index + 1..).unwrap_or_default();
            return Ok(value);
        }
    }
    Err(if rest.len() < 9 {
        Varint::Incomplete
    } else {
        Varint::TooLong
    })
}

fn put_varint(target: &mut BytesMut, mut value: usize) {
    while value >= 0x80 {
        target.put_u8(u8::try_from(value & 0x7f).unwrap_or(0x7f) | 0x80);
        value >>= 7;
    }
    target.put_u8(u8::try_from(value).unwrap_or(0x7f));
}

const fn varint_length(value: usize) -> usize {
    match value {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests;
