//! Signalling of libp2p's `/webrtc`: how two browsers, of which other implementations may run one, tell
//! each other of the connection that they make.
//!
//! One sends its offer, the other its answer, both the addresses that they find meanwhile. Each message has
//! its length before it. Source: <https://github.com/libp2p/specs/blob/master/webrtc/webrtc.md>.

use crate::{
    error::{Error, Result},
    protobuf::{Value, push_bytes, push_number, take},
};

/// The protocol's name, on a relayed connection.
pub const SIGNALLING_PROTOCOL: &str = "/webrtc-signaling/0.0.1";
/// The largest message: SDP of data channels alone has less than 1 KiB, some more with addresses.
pub const MESSAGE_BYTES_MAX: usize = 8 * 1_024;

const TYPE: u64 = 1;
const DATA: u64 = 2;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The SDP of who begins.
    Offer,
    /// The SDP of the other.
    Answer,
    /// An address, as the JSON of an `RTCIceCandidate`; or none, which is to say that there are no more.
    Candidate,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is.
    pub kind: Kind,
    /// A stranger's text.
    pub data: String,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Offer, Self::Answer, Self::Candidate];

    const fn code(self) -> u64 {
        match self {
            Self::Offer => 0,
            Self::Answer => 1,
            Self::Candidate => 2,
        }
    }
}

impl Message {
    /// Encodes it; fails when it exceeds the bound.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut message = Vec::new();
        push_number(TYPE, self.kind.code(), &mut message);
        push_bytes(DATA, self.data.as_bytes(), &mut message);
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(Error::Oversized {
                what: WHAT,
                maximum: MESSAGE_BYTES_MAX,
                got: message.len(),
            });
        }
        Ok(message)
    }

    /// Decodes it.
    pub fn decode(mut message: &[u8]) -> Result<Self> {
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(Error::TooLarge {
                what: WHAT,
                maximum: MESSAGE_BYTES_MAX,
                got: message.len(),
            });
        }
        let (mut code, mut data) = (None, &[][..]);
        while let Some(field) = take(&mut message)? {
            match field {
                (TYPE, Value::Number(number)) => code = Some(number),
                (DATA, Value::Bytes(bytes)) => data = bytes,
                _ => {}
            }
        }
        let code = code.ok_or(Error::Truncated {
            what: WHAT,
            expected: 1,
            got: 0,
        })?;
        let known = Kind::ALL.into_iter().find(|kind| kind.code() == code);
        let kind = known.ok_or(Error::UnknownTag {
            what: WHAT,
            expected: 3,
            got: u8::try_from(code).unwrap_or(u8::MAX),
        })?;
        let data = std::str::from_utf8(data).map_err(|_| Error::Text { what: WHAT })?;
        let data = data.to_owned();
        Ok(Self { kind, data })
    }
}

const WHAT: &str = "signalling message";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_field_is_read_and_none_may_be_changed() {
        for (code, kind) in [(0, Kind::Offer), (1, Kind::Answer), (2, Kind::Candidate)] {
            let data = "v=0\r\n".to_owned();
            let message = Message { kind, data };
            let bytes = message.encode().unwrap();
            // As protons, js-libp2p's encoder, writes it.
            let expected = [&[8, code, 18, 5][..], b"v=0\r\n"].concat();
            assert_eq!(bytes, expected);
            assert_eq!(Message::decode(&bytes), Ok(message));
        }
        let no_data = Message {
            kind: Kind::Candidate,
            data: String::new(),
        };
        assert_eq!(Message::decode(&[8, 2]), Ok(no_data));
        let malformed: [(&[u8], &str); 7] = [
            (&[], "nothing"),
            (&[18, 1, b'v'], "no type"),
            (&[8, 3, 18, 1, b'v'], "an unknown type"),
            (&[10, 1, 0, 18, 1, b'v'], "a type that is no number"),
            (&[8, 0, 18, 2, b'v'], "a text cut short"),
            (&[8, 0, 18, 1, 0xff], "no text"),
            (&[8, 0x80, 0, 18, 1, b'v'], "a number that is too long"),
        ];
        for (bytes, what) in malformed {
            assert!(Message::decode(bytes).is_err(), "{what}");
        }
    }

    #[test]
    fn bounds_hold_on_both_sides() {
        let message = |length| Message {
            kind: Kind::Offer,
            data: "v".repeat(length),
        };
        let largest = message(MESSAGE_BYTES_MAX - 5);
        assert_eq!(
            Message::decode(&largest.encode().unwrap()).as_ref(),
            Ok(&largest)
        );
        let larger = message(MESSAGE_BYTES_MAX - 4);
        assert!(matches!(larger.encode(), Err(Error::Oversized { .. })));
        let mut bytes = largest.encode().unwrap();
        bytes.extend([24, 0]);
        assert!(matches!(
            Message::decode(&bytes),
            Err(Error::TooLarge { .. })
        ));
    }

    proptest! {
        #[test]
        fn what_is_read_can_be_said_again(bytes: Vec<u8>) {
            if let Ok(message) = Message::decode(&bytes) {
                prop_assert_eq!(Message::decode(&message.encode().unwrap()), Ok(message));
            }
        }
    }
}
