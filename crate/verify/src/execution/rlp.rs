//! RLP, strictly.

use alloc::vec::Vec;

use alloy_rlp::{Decodable, Header};

use crate::Error;

/// The items of a list, to be taken one by one.
#[derive(Debug)]
pub(super) struct Items<'a> {
    what: &'static str,
    rest: &'a [u8],
}

impl<'a> Items<'a> {
    /// The items of the one list that `bytes` is.
    pub(super) fn new(what: &'static str, mut bytes: &'a [u8]) -> Result<Self, Error> {
        let rest = Header::decode_bytes(&mut bytes, true).map_err(|_| not_canonical(what))?;
        if bytes.is_empty() {
            Ok(Self { what, rest })
        } else {
            Err(not_canonical(what))
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn next<T: Decodable>(&mut self) -> Result<T, Error> {
        T::decode(&mut self.rest).map_err(|_| not_canonical(self.what))
    }

    /// The next item, if there is one more.
    pub(super) fn next_if_any<T: Decodable>(&mut self) -> Result<Option<T>, Error> {
        if self.is_empty() {
            Ok(None)
        } else {
            self.next().map(Some)
        }
    }

    /// The next item of those that have one more here.
    pub(super) fn next_if<T: Decodable>(&mut self, has: bool) -> Result<Option<T>, Error> {
        if has { self.next().map(Some) } else { Ok(None) }
    }

    /// The next item, which is a list.
    pub(super) fn next_list(&mut self) -> Result<Self, Error> {
        let rest = Header::decode_bytes(&mut self.rest, true);
        Ok(Self {
            what: self.what,
            rest: rest.map_err(|_| not_canonical(self.what))?,
        })
    }

    /// All that is left, each item by `read`.
    pub(super) fn all<T>(
        mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while !self.is_empty() {
            all.push(read(&mut self)?);
        }
        Ok(all)
    }

    /// Checks that nothing is left.
    pub(super) fn end(&self) -> Result<(), Error> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Error::Malformed {
                what: self.what,
                reason: "more items than it may have",
            })
        }
    }
}

/// Appends the list of all that `put` writes of `items`.
pub(super) fn put_list<T>(out: &mut Vec<u8>, items: &[T], put: impl Fn(&T, &mut Vec<u8>)) {
    let mut payload = Vec::new();
    for item in items {
        put(item, &mut payload);
    }
    Header {
        list: true,
        payload_length: payload.len(),
    }
    .encode(out);
    out.append(&mut payload);
}

/// The one item that `bytes` is.
pub(super) fn decode_exact<T: Decodable>(what: &'static str, mut bytes: &[u8]) -> Result<T, Error> {
    let item = T::decode(&mut bytes).map_err(|_| not_canonical(what))?;
    if bytes.is_empty() {
        Ok(item)
    } else {
        Err(not_canonical(what))
    }
}

const fn not_canonical(what: &'static str) -> Error {
    Error::Malformed {
        what,
        reason: "not its canonical RLP",
    }
}
