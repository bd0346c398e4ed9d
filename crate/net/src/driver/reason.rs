//! Reasons in words for people.

use libp2p::{
    core::transport::TransportError,
    swarm::{ConnectionError, DialError},
};

/// Why a dial gave no connection.
pub(super) fn dial_failed(error: &DialError) -> String {
    match error {
        DialError::DialPeerConditionFalse(_) => "already connected or being dialled".into(),
        DialError::LocalPeerId { .. } => "the address is our own".into(),
        DialError::WrongPeerId { obtained, .. } => {
            format!("another peer answered there: {obtained}")
        }
        DialError::Denied { .. } => "our own limit of connections is reached".into(),
        DialError::NoAddresses => "no address".into(),
        DialError::Aborted => "given up".into(),
        DialError::Transport(errors) => errors
            .first()
            .map_or_else(|| "no answer".into(), |(_, error)| transport(error)),
    }
}

/// What a transport could not do. Its own words are empty where it wraps another's.
pub(super) fn transport(error: &TransportError<std::io::Error>) -> String {
    match error {
        TransportError::MultiaddrNotSupported(_) => "this kind of address is not supported".into(),
        TransportError::Other(error) => {
            // The transports wrap errors in errors; the innermost says what happened.
            let mut innermost: &dyn std::error::Error = error;
            while let Some(source) = innermost.source() {
                innermost = source;
            }
            let text = innermost.to_string();
            if text.contains("Timeout") || text.contains("timeout") || text.contains("timed out") {
                "nobody answered in time".into()
            } else {
                text
            }
        }
    }
}

/// Why a connection ended that nobody here closed.
pub(super) fn closed(cause: Option<&ConnectionError>) -> String {
    match cause {
        None => "closed".into(),
        Some(ConnectionError::KeepAliveTimeout) => "nothing to do on it".into(),
        Some(ConnectionError::IO(error)) => format!("the connection broke: {error}"),
    }
}
