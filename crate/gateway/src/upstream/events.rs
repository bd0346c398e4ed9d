//! Server-sent events, the form of the Beacon API's event stream.

use std::collections::VecDeque;

/// The longest line that is accepted: a finality update in JSON is 9 kB on mainnet.
const LINE_BYTES_MAX: usize = 128 * 1024;

/// Most events that wait to be taken; the oldest go first.
const EVENTS_MAX: usize = 16;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its name.
    pub(crate) name: String,
    /// Its data.
    pub(crate) data: Vec<u8>,
}

/// Takes bytes as they come and gives events.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    name: String,
    data: Vec<u8>,
    events: VecDeque<Event>,
}

/// The stream has a line longer than any event that we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineTooLong;

impl Parser {
    /// Takes the next bytes of the stream.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), LineTooLong> {
        for byte in bytes {
            match byte {
                b'\n' => self.end_line()?,
                b'\r' => {}
                byte if self.line.len() < LINE_BYTES_MAX => self.line.push(*byte),
                _ => return Err(LineTooLong),
            }
        }
        Ok(())
    }

    /// The next whole event.
    pub(crate) fn pop(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn end_line(&mut self) -> Result<(), LineTooLong> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            self.end_event();
            return Ok(());
        }
        let colon = line
            .iter()
            .position(|byte| *byte == b':')
            .unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => self.name = String::from_utf8_lossy(value).into_owned(),
            b"data" => {
                if self.data.len().saturating_add(value.len()) > LINE_BYTES_MAX {
                    return Err(LineTooLong);
                }
                if !self.data.is_empty() {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
            // Comments, ids and retry times say nothing to us.
            _ => {}
        }
        Ok(())
    }

    fn end_event(&mut self) {
        let (name, data) = (
            std::mem::take(&mut self.name),
            std::mem::take(&mut self.data),
        );
        if data.is_empty() {
            return;
        }
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(Event { name, data });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] =
        b":keep-alive\n\nevent: a\ndata: {\"x\":\r\ndata:1}\n\nid: 5\nevent:b\ndata:2\n\n";

    #[test]
    fn events_come_out_however_the_bytes_are_cut() {
        for cut in 0..STREAM.len() {
            let mut parser = Parser::default();
            parser.push(&STREAM[..cut]).unwrap();
            parser.push(&STREAM[cut..]).unwrap();
            let first = Event {
                name: "a".into(),
                data: b"{\"x\":\n1}".to_vec(),
            };
            assert_eq!(parser.pop(), Some(first), "{cut}");
            assert_eq!(
                parser.pop(),
                Some(Event {
                    name: "b".into(),
                    data: b"2".to_vec()
                })
            );
            assert_eq!(parser.pop(), None);
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut parser = Parser::default();
        let long = vec![b'x'; LINE_BYTES_MAX];
        assert_eq!(parser.push(&long), Ok(()));
        assert_eq!(parser.push(b"x"), Err(LineTooLong));

        let mut parser = Parser::default();
        for number in 0..100 {
            parser
                .push(format!("data:{number}\n\n").as_bytes())
                .unwrap();
        }
        assert_eq!(parser.events.len(), EVENTS_MAX);
        assert_eq!(parser.pop().unwrap().data, b"84");

        let mut parser = Parser::default();
        let line = [b"data:", vec![b'x'; LINE_BYTES_MAX - 10].as_slice(), b"\n"].concat();
        assert_eq!(parser.push(&line), Ok(()));
        assert_eq!(parser.push(&line), Err(LineTooLong));
    }
}
