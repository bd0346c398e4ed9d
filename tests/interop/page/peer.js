// A js-libp2p peer in a page, as other projects have it, with Ethereum's gossip. What it does is in `window.peer`.
import { circuitRelayTransport } from "@libp2p/circuit-relay-v2";
import { gossipsub, StrictNoSign } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import { noise } from "@libp2p/noise";
import { ping } from "@libp2p/ping";
import { webRTC, webRTCDirect } from "@libp2p/webrtc";
import { webSockets } from "@libp2p/websockets";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { compress, uncompress } from "snappyjs";

/** As `MESSAGE_BYTES_MAX` of our gossip. */
const MESSAGE_BYTES_MAX = 65_536;

/**
 * Altair's message id: https://github.com/ethereum/consensus-specs/blob/v1.6.0/specs/altair/p2p-interface.md#topics-and-messages
 * @param {{ topic: string, data: Uint8Array }} message
 */
async function messageId({ topic, data }) {
  const name = new TextEncoder().encode(topic);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(name.length), true);
  let [domain, content] = [Uint8Array.of(0, 0, 0, 0), data];
  try {
    [domain, content] = [Uint8Array.of(1, 0, 0, 0), uncompress(data, MESSAGE_BYTES_MAX)];
  } catch {
    // Its id says so.
  }
  const whole = new Uint8Array(await new Blob([domain, length, name, content]).arrayBuffer());
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole)).slice(0, 20);
}

/**
 * The slot of the attested header in a finality or optimistic update, whose place is the update's first offset.
 * @param {Uint8Array} data
 */
function attestedSlot(data) {
  const update = uncompress(data, MESSAGE_BYTES_MAX);
  const view = new DataView(update.buffer, update.byteOffset, update.byteLength);
  // A test's own messages are short.
  const at = update.byteLength < 4 ? Infinity : view.getUint32(0, true);
  return at + 8 > update.byteLength ? -1 : Number(view.getBigUint64(at, true));
}

const node = await createLibp2p({
  transports: [webRTCDirect(), webSockets(), circuitRelayTransport(), webRTC()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  // A page may otherwise not dial this machine.
  connectionGater: { denyDialMultiaddr: () => false },
  services: {
    identify: identify(),
    ping: ping(),
    gossip: gossipsub({ globalSignaturePolicy: StrictNoSign, msgIdFn: messageId, fallbackToFloodsub: false }),
  },
});

/** @type {{ topic: string, slot: number, from: string, at: number }[]} */
const heard = [];
/** @type {Set<string>} */
const subscribers = new Set();
node.services.gossip.addEventListener("gossipsub:message", ({ detail: { propagationSource, msg } }) => {
  heard.push({ topic: msg.topic, slot: attestedSlot(msg.data), from: propagationSource.toString(), at: performance.now() });
});
node.services.gossip.addEventListener("subscription-change", ({ detail: { peerId, subscriptions } }) => {
  for (const { topic, subscribe } of subscriptions) if (subscribe) subscribers.add(`${peerId} ${topic}`);
});

const connectionTo = (/** @type {string} */ peer) => node.getConnections().find(({ remotePeer }) => remotePeer.toString() === peer);

Object.assign(window, {
  peer: {
    id: node.peerId.toString(),
    heard,
    subscribers: () => [...subscribers],
    /** @param {string} address */
    dial: async (address) => {
      const from = performance.now();
      const { remotePeer } = await node.dial(multiaddr(address));
      return { peer: remotePeer.toString(), ms: performance.now() - from };
    },
    /** The round trip in milliseconds. @param {string} address */
    ping: (address) => node.services.ping.ping(multiaddr(address)),
    /** The same on a connection that there is. @param {string} peer */
    pingConnected: (peer) => node.services.ping.ping(connectionTo(peer)?.remotePeer),
    /** @param {string} peer */
    identify: async (peer) => {
      const { agentVersion, protocolVersion, protocols } = await node.services.identify.identify(connectionTo(peer));
      return { agentVersion, protocolVersion, protocols };
    },
    /** @param {string} topic */
    subscribe: (topic) => node.services.gossip.subscribe(topic),
    /** @param {string} topic @param {number[]} bytes as Ethereum has them, compressed */
    publish: (topic, bytes) => node.services.gossip.publish(topic, compress(Uint8Array.from(bytes))),
    /** With whom it shares a topic's mesh. @param {string} topic */
    mesh: (topic) => node.services.gossip.getMeshPeers(topic),
    /** @param {string} peer */
    isConnected: (peer) => connectionTo(peer)?.status === "open",
    /** What connections there are. @param {string} peer */
    connections: (peer) => node.getConnections().filter(({ remotePeer }) => remotePeer.toString() === peer).map(
      ({ direct, limits, remoteAddr, status, multiplexer, encryption }) => ({ direct, isLimited: limits !== undefined, address: remoteAddr.toString(), status, multiplexer, encryption })),
    /** Leaves at once. @param {string} peer */
    hangUp: (peer) => connectionTo(peer)?.abort(new Error("left")),
  },
});
