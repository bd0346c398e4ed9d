//! The swarm's events as plain objects.

use std::{cell::RefCell, rc::Rc};

use js_sys::Function;
use lampyris_net::{Event, Events, Record, Shelf};
use wasm_bindgen::JsValue;

use crate::object::{bytes, plain};

/// Hands all events over, until the swarm ends; peers' requests are answered from the shelf.
pub(crate) async fn forward(mut events: Events, shelf: Rc<RefCell<Shelf>>, on_event: Function) {
    while let Some(event) = events.next().await {
        if let Some(object) = to_object(event, &shelf) {
            call(&on_event, &object);
        }
    }
    call(&on_event, &closed("closed by the page"));
}

/// The last event of a swarm.
pub(crate) fn closed(reason: &str) -> JsValue {
    plain(&[("type", "closed".into()), ("reason", reason.into())])
}

/// A record of where a gateway is.
pub(crate) fn record(record: &Record) -> JsValue {
    let addresses: js_sys::Array = record.addresses.iter().map(JsValue::from).collect();
    plain(&[
        ("peer", record.peer.as_str().into()),
        ("addresses", addresses.into()),
        ("envelope", bytes(&record.envelope)),
    ])
}

fn call(on_event: &Function, object: &JsValue) {
    // What the page's handler throws is the page's business, not the swarm's.
    let _thrown = on_event.call1(&JsValue::NULL, object);
}

fn to_object(event: Event, shelf: &RefCell<Shelf>) -> Option<JsValue> {
    let object = match event {
        Event::Connected {
            peer,
            address,
            kind,
        } => plain(&[
            ("type", "connected".into()),
            ("peer", peer.into()),
            ("address", address.into()),
            ("kind", kind.name().into()),
        ]),
        Event::Disconnected { peer, reason } => plain(&[
            ("type", "disconnected".into()),
            ("peer", peer.into()),
            ("reason", reason.into()),
        ]),
        Event::DialFailed { address, reason } => plain(&[
            ("type", "dial_failed".into()),
            ("address", address.into()),
            ("reason", reason.into()),
        ]),
        Event::Gossip {
            peer,
            message_id,
            topic,
            data,
        } => {
            shelf.borrow_mut().heard(&message_id, &topic, &data);
            plain(&[
                ("type", "gossip".into()),
                ("peer", peer.into()),
                ("messageId", bytes(&message_id)),
                ("topic", topic.into()),
                ("data", bytes(&data)),
            ])
        }
        Event::Inbound {
            protocol,
            body,
            responder,
            ..
        } => {
            responder.reply(shelf.borrow_mut().answer(protocol, &body));
            return None;
        }
        Event::Records => plain(&[("type", "records".into())]),
        // A tab does not listen or publish by itself yet.
        Event::Subscribed { .. } | Event::Listening { .. } => return None,
    };
    Some(object)
}
