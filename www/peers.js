/**
 * Where a peer is, out of its multiaddress.
 * @module
 */

import { shorten } from "./format.js";

/**
 * `127.0.0.1:9100 · webrtc-direct`, or who introduced a tab or relayed its call; what is not understood stays as it is, cut.
 * @param {string} address
 * @returns {string}
 */
export function peerAddress(address) {
  const parts = address.split("/");
  if (parts[1] === "p2p" && parts[2] !== undefined) {
    const who = shorten(parts[2], 12, 6);
    if (parts[3] === "webrtc") return `introduced by ${who}`;
    if (parts[3] === "p2p-circuit") return `called through ${who}`;
  }
  const [, family, host, protocol, port, layer] = parts;
  const transport = layer === "tls" && parts[6] === "ws" ? "wss" : layer;
  const known =
    (family === "ip4" || family === "ip6" || family?.startsWith("dns")) && (protocol === "udp" || protocol === "tcp");
  if (!known || host === undefined || port === undefined)
    return address.length > 48 ? `${address.slice(0, 47)}…` : address;
  const where = family === "ip6" ? `[${host}]:${port}` : `${host}:${port}`;
  return transport === undefined || transport === "p2p" ? where : `${where} · ${transport}`;
}
