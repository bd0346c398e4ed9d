// js-libp2p (libp2p/js-libp2p) in a page: dials a gateway by WebRTC and asks it by our protocol for state.
import { webRTCDirect } from '@libp2p/webrtc';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';

const protocol = '/lampyris/state/1';
/** A frame is its payload's length, the number of the request, and the payload. */
const headerBytes = 8;

/**
 * Connects, with nothing else to do.
 * @param {string} address
 * @returns {Promise<(body: Uint8Array) => Promise<Uint8Array>>} asks; one question at a time
 */
export async function connect(address) {
  // A page may otherwise not dial this machine.
  const node = await createLibp2p({ transports: [webRTCDirect()], connectionGater: { denyDialMultiaddr: () => false } });
  const stream = await (await node.dial(multiaddr(address))).newStream(protocol);
  const chunks = stream[Symbol.asyncIterator]();
  let number = 0;
  return async (body) => {
    number += 1;
    stream.send(frame(number, body));
    return await answer(chunks);
  };
}

/**
 * @param {number} number
 * @param {Uint8Array} body
 */
function frame(number, body) {
  const bytes = new Uint8Array(headerBytes + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length, true);
  view.setUint32(4, number, true);
  bytes.set(body, headerBytes);
  return bytes;
}

/**
 * Reads one frame, each byte copied once.
 * @param {AsyncIterator<Uint8Array | { subarray: () => Uint8Array }>} chunks
 */
async function answer(chunks) {
  let head = new Uint8Array(0);
  while (head.length < headerBytes) head = Uint8Array.of(...head, ...await next(chunks));
  const payload = new Uint8Array(new DataView(head.buffer).getUint32(0, true));
  payload.set(head.subarray(headerBytes));
  let filled = head.length - headerBytes;
  while (filled < payload.length) {
    const chunk = await next(chunks);
    payload.set(chunk, filled);
    filled += chunk.length;
  }
  return payload;
}

/** @param {AsyncIterator<Uint8Array | { subarray: () => Uint8Array }>} chunks */
async function next(chunks) {
  const { done, value } = await chunks.next();
  if (done) throw new Error('the stream ended');
  return value.subarray();
}
