//! What is called of the browser. Each call may throw, and then says so: `web-sys` believes that some
//! never do, and a wasm that meets an exception there is dead.

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, prelude::*};
use wasm_bindgen_futures::JsFuture;

use crate::error::{Error, Result};

/// What may have been thrown instead.
type Thrown<T> = std::result::Result<T, JsValue>;

#[wasm_bindgen]
extern "C" {
    /// <https://www.w3.org/TR/webrtc/#rtcpeerconnection-interface>
    #[derive(Clone, Debug)]
    #[wasm_bindgen(js_name = RTCPeerConnection)]
    pub(crate) type PeerConnection;

    #[wasm_bindgen(constructor, catch, js_class = "RTCPeerConnection")]
    fn new_peer_connection(configuration: &Object) -> Thrown<PeerConnection>;

    #[wasm_bindgen(method, catch, js_name = createDataChannel)]
    fn create_data_channel(
        this: &PeerConnection,
        label: &str,
        options: &Object,
    ) -> Thrown<DataChannel>;

    #[wasm_bindgen(method, catch, js_name = createOffer)]
    fn create_offer(this: &PeerConnection) -> Thrown<Promise>;

    #[wasm_bindgen(method, catch, js_name = createAnswer)]
    fn create_answer(this: &PeerConnection) -> Thrown<Promise>;

    #[wasm_bindgen(method, catch, js_name = setLocalDescription)]
    fn set_local_description(this: &PeerConnection, description: &Object) -> Thrown<Promise>;

    #[wasm_bindgen(method, catch, js_name = setRemoteDescription)]
    fn set_remote_description(this: &PeerConnection, description: &Object) -> Thrown<Promise>;

    #[wasm_bindgen(method, catch, js_name = addIceCandidate)]
    fn add_ice_candidate(this: &PeerConnection, candidate: &Object) -> Thrown<Promise>;

    #[wasm_bindgen(method, getter, catch, js_name = localDescription)]
    fn local_description(this: &PeerConnection) -> Thrown<JsValue>;

    #[wasm_bindgen(method, getter, catch, js_name = iceGatheringState)]
    fn gathering_state(this: &PeerConnection) -> Thrown<JsValue>;

    #[wasm_bindgen(method, getter, catch, js_name = connectionState)]
    fn connection_state(this: &PeerConnection) -> Thrown<JsValue>;

    #[wasm_bindgen(method, catch, js_name = close)]
    fn close_peer_connection(this: &PeerConnection) -> Thrown<()>;

    /// <https://www.w3.org/TR/webrtc/#rtcdatachannel>
    #[derive(Clone, Debug)]
    #[wasm_bindgen(js_name = RTCDataChannel)]
    pub(crate) type DataChannel;

    #[wasm_bindgen(method, getter, catch, js_name = label)]
    fn own_label(this: &DataChannel) -> Thrown<JsValue>;

    #[wasm_bindgen(method, getter, catch, js_name = readyState)]
    fn ready_state(this: &DataChannel) -> Thrown<JsValue>;

    #[wasm_bindgen(method, getter, catch, js_name = bufferedAmount)]
    fn buffered_amount(this: &DataChannel) -> Thrown<f64>;

    #[wasm_bindgen(method, catch, js_name = send)]
    fn send_bytes(this: &DataChannel, bytes: &Uint8Array) -> Thrown<()>;

    #[wasm_bindgen(method, catch, js_name = close)]
    fn close_data_channel(this: &DataChannel) -> Thrown<()>;
}

impl PeerConnection {
    /// With servers that tell us our public address, as `stun:` URLs. Fails where there is no WebRTC, as in
    /// a worker, and when a page has too many connections.
    pub(crate) fn create(stun: &[String]) -> Result<Self> {
        let configuration = Object::new();
        if !stun.is_empty() {
            let urls: Array = stun.iter().map(JsValue::from).collect();
            let server = Object::new();
            set(&server, "urls", &urls)?;
            set(&configuration, "iceServers", &Array::of1(&server))?;
        }
        Self::new_peer_connection(&configuration)
            .map_err(|error| failed("creating a connection", &error))
    }

    /// A data channel: number 0, which both sides know of, or one that is announced to the other side.
    pub(crate) fn channel(&self, is_handshake: bool) -> Result<DataChannel> {
        let options = Object::new();
        if is_handshake {
            set(&options, "negotiated", &true.into())?;
            set(&options, "id", &0.into())?;
        }
        self.create_data_channel("", &options)
            .map_err(|error| failed("opening a data channel", &error))
    }

    pub(crate) async fn offer(&self) -> Result<String> {
        let offer = settled("making an offer", self.create_offer()).await?;
        text(&offer, "sdp")
    }

    pub(crate) async fn answer(&self) -> Result<String> {
        let answer = settled("making an answer", self.create_answer()).await?;
        text(&answer, "sdp")
    }

    pub(crate) async fn set_local_answer(&self, sdp: &str) -> Result<()> {
        let answer = description("answer", sdp)?;
        let set = settled("setting our answer", self.set_local_description(&answer));
        set.await.map(drop)
    }

    pub(crate) async fn set_remote_offer(&self, sdp: &str) -> Result<()> {
        let offer = description("offer", sdp)?;
        let set = settled("setting their offer", self.set_remote_description(&offer));
        set.await.map(drop)
    }

    pub(crate) async fn set_offer(&self, sdp: &str) -> Result<()> {
        let offer = description("offer", sdp)?;
        let set = settled("setting the offer", self.set_local_description(&offer));
        set.await.map(drop)
    }

    pub(crate) async fn set_answer(&self, sdp: &str) -> Result<()> {
        let answer = description("answer", sdp)?;
        let set = settled("setting the answer", self.set_remote_description(&answer));
        set.await.map(drop)
    }

    /// Has the browser try one more address of the other side.
    pub(crate) async fn add_candidate(&self, candidate: &str) -> Result<()> {
        let init = Object::new();
        set(&init, "candidate", &candidate.into())?;
        set(&init, "sdpMLineIndex", &0.into())?;
        let added = settled("adding an address", self.add_ice_candidate(&init));
        added.await.map(drop)
    }

    /// The offer, or the answer, as the browser has set it.
    pub(crate) fn local_sdp(&self) -> Result<String> {
        let description = self.local_description();
        text(
            &description.map_err(|error| failed("reading the offer", &error))?,
            "sdp",
        )
    }

    /// Whether the browser has found all addresses that it will find.
    pub(crate) fn has_gathered(&self) -> bool {
        let state = self
            .gathering_state()
            .ok()
            .and_then(|state| state.as_string());
        state.as_deref() == Some("complete")
    }

    /// Whether the browser has given the connection up.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state().as_deref(), None | Some("failed" | "closed"))
    }

    /// Whether ICE and DTLS have done their work.
    pub(crate) fn is_connected(&self) -> bool {
        self.state().as_deref() == Some("connected")
    }

    fn state(&self) -> Option<String> {
        self.connection_state().ok()?.as_string()
    }

    pub(crate) fn handle(&self, name: &str, handler: Option<&Function>) -> Result<()> {
        set_handler(self, name, handler)
    }

    pub(crate) fn close(&self) {
        if let Err(error) = self.close_peer_connection() {
            tracing::debug!(?error, "closing a connection");
        }
    }
}

/// Where a data channel is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChannelState {
    Connecting,
    Open,
    Over,
}

impl DataChannel {
    /// Has it give bytes instead of blobs, and tell when little is left to send.
    pub(crate) fn configure(&self, low_bytes: u32) -> Result<()> {
        set(self, "binaryType", &"arraybuffer".into())?;
        set(self, "bufferedAmountLowThreshold", &low_bytes.into())
    }

    pub(crate) fn state(&self) -> ChannelState {
        let state = self.ready_state().ok().and_then(|state| state.as_string());
        match state.as_deref() {
            Some("connecting") => ChannelState::Connecting,
            Some("open") => ChannelState::Open,
            _ => ChannelState::Over,
        }
    }

    /// What its opener calls it.
    pub(crate) fn label(&self) -> Option<String> {
        self.own_label().ok()?.as_string()
    }

    /// What the browser has not sent yet.
    pub(crate) fn buffered_bytes(&self) -> f64 {
        self.buffered_amount().unwrap_or(0.0)
    }

    pub(crate) fn send(&self, message: &[u8]) -> Result<()> {
        // A copy: memory of wasm may move while the browser reads.
        let bytes = Uint8Array::from(message);
        self.send_bytes(&bytes)
            .map_err(|error| failed("sending", &error))
    }

    pub(crate) fn handle(&self, name: &str, handler: Option<&Function>) -> Result<()> {
        set_handler(self, name, handler)
    }

    pub(crate) fn close(&self) {
        if let Err(error) = self.close_data_channel() {
            tracing::debug!(?error, "closing a data channel");
        }
    }
}

/// The new channel of a `datachannel` event.
pub(crate) fn channel_of(event: &JsValue) -> Option<DataChannel> {
    let channel = Reflect::get(event, &"channel".into()).ok()?;
    channel.is_object().then(|| channel.unchecked_into())
}

/// What the JSON of an `RTCIceCandidate` says of an address: a stranger's text.
pub(crate) fn candidate_of(json: &str) -> Option<String> {
    let init = js_sys::JSON::parse(json).ok()?;
    Reflect::get(&init, &"candidate".into()).ok()?.as_string()
}

/// The bytes of a `message` event; `None` for text, which libp2p never sends.
pub(crate) fn bytes_of(event: &JsValue) -> Option<Vec<u8>> {
    let data = Reflect::get(event, &"data".into()).ok()?;
    let buffer: js_sys::ArrayBuffer = data.dyn_into().ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

fn set_handler(target: &JsValue, name: &str, handler: Option<&Function>) -> Result<()> {
    set(target, name, handler.map_or(&JsValue::NULL, AsRef::as_ref))
}

fn set(target: &JsValue, name: &str, value: &JsValue) -> Result<()> {
    Reflect::set(target, &name.into(), value)
        .map(drop)
        .map_err(|error| failed("setting a property", &error))
}

fn text(object: &JsValue, name: &str) -> Result<String> {
    Reflect::get(object, &name.into())
        .ok()
        .and_then(|value| value.as_string())
        .ok_or_else(|| Error::Platform {
            action: "reading the offer",
            reason: format!("it has no {name}"),
        })
}

fn description(kind: &str, sdp: &str) -> Result<Object> {
    let description = Object::new();
    set(&description, "type", &kind.into())?;
    set(&description, "sdp", &sdp.into())?;
    Ok(description)
}

async fn settled(action: &'static str, promise: Thrown<Promise>) -> Result<JsValue> {
    match promise {
        Ok(promise) => JsFuture::from(promise).await,
        Err(error) => Err(error),
    }
    .map_err(|error| failed(action, &error))
}

fn failed(action: &'static str, error: &JsValue) -> Error {
    let property = |name: &str| Reflect::get(error, &name.into()).ok()?.as_string();
    let reason = match (property("name"), property("message")) {
        (Some(name), Some(message)) => format!("{name}: {message}"),
        _ => format!("{error:?}"),
    };
    Error::Platform { action, reason }
}
