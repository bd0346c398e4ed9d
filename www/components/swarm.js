/**
 * A small picture of the swarm: this tab in the middle, a thread to each peer.
 * @module
 */

import { plural } from "../format.js";
import { html, svg } from "../lit.js";

/** @typedef {import("../../pkg/index.js").Peer} Peer */
/** @typedef {import("../lit.js").Template} Template */

const WIDTH = 640;
const HEIGHT = 260;
const CENTRE = { x: WIDTH / 2, y: HEIGHT / 2 };
const RADIUS = { x: 250, y: 88 };
/** More would not be told apart; the table has them all. */
const DRAWN_MAX = 24;

/**
 * @param {Peer[]} peers
 * @returns {Template}
 */
export function swarmPicture(peers) {
  const drawn = peers.slice(0, DRAWN_MAX).map((peer, index, all) => ({ peer, ...place(index, all.length) }));
  return html`<svg class="swarm" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${words(peers)}>
    ${drawn.map(({ peer, x, y }) => svg`<line class="thread" data-state=${peer.state} x1=${CENTRE.x} y1=${CENTRE.y} x2=${x} y2=${y} stroke-width=${thickness(peer.bytes)} />`)}
    ${drawn.map(
      ({ peer, x, y }) => svg`<g class="node" data-state=${peer.state}>
        <circle class="node-halo" cx=${x} cy=${y} r="16" /><circle class="node-dot" cx=${x} cy=${y} r="6" />
        <text x=${x} y=${y < CENTRE.y ? y - 20 : y + 32} text-anchor="middle">${peer.id.slice(-6)}</text>
      </g>`,
    )}
    <g class="node node-self">
      <circle class="node-halo" cx=${CENTRE.x} cy=${CENTRE.y} r="30" />
      <circle class="node-dot" cx=${CENTRE.x} cy=${CENTRE.y} r="10" />
      <text x=${CENTRE.x} y=${CENTRE.y + 46} text-anchor="middle">this tab</text>
    </g>
  </svg>`;
}

/**
 * On an ellipse, beginning so that two stand left and right.
 * @param {number} index
 * @param {number} count
 */
function place(index, count) {
  const angle = (2 * Math.PI * index) / count + (count === 2 ? 0 : Math.PI / count) + Math.PI;
  return { x: Math.round(CENTRE.x + RADIUS.x * Math.cos(angle)), y: Math.round(CENTRE.y + RADIUS.y * Math.sin(angle)) };
}

/** @param {number} bytes */
function thickness(bytes) {
  return Math.min(4, 1 + Math.log10(1 + bytes / 10_000)).toFixed(1);
}

/** @param {Peer[]} peers */
function words(peers) {
  const count = (/** @type {Peer["state"]} */ state) => peers.filter((peer) => peer.state === state).length;
  return `This tab and ${plural(peers.length, "peer")}: ${count("connected")} connected, ${count("connecting")} connecting, ${count("dropped")} dropped, ${count("gone")} gone.`;
}
