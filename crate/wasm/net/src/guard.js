// The stock WebRTC crate leaves its handlers on data channels whose Rust half is gone. Their late
// events then throw inside the browser, on every close of a connection, and hide real errors.
// Nobody waits for those events any more: drop them, and nothing else.

const HANDLERS = ["onopen", "onmessage", "onbufferedamountlow", "onclose"];
const DROPPED = "closure invoked recursively or after being dropped";

/** Makes late events of data channels harmless. */
export function guardDataChannels() {
  for (const name of HANDLERS) {
    const property = Object.getOwnPropertyDescriptor(RTCDataChannel.prototype, name);
    Object.defineProperty(RTCDataChannel.prototype, name, {
      ...property,
      set(handler) {
        property.set.call(this, handler && guarded(handler));
      },
    });
  }
}

function guarded(handler) {
  return (event) => {
    try {
      handler(event);
    } catch (error) {
      if (!String(error?.message ?? error).includes(DROPPED)) throw error;
    }
  };
}
