/**
 * A small picture of the swarm: this tab in the middle, a thread to each peer; gateways are round, tabs are square.
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
  return html`<svg class="swarm" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${words(peers)} data-testid="swarm-picture">
    ${drawn.map(({ peer, x, y }) => svg`<line class="thread" data-state=${peer.state} x1=${CENTRE.x} y1=${CENTRE.y} x2=${x} y2=${y} stroke-width=${thickness(peer.bytes)} />`)}
    ${drawn.map(
      ({ peer, x, y }) => svg`<g class="node" data-state=${peer.state} data-kind=${peer.kind}>
        ${shape(peer.kind, "node-halo", x, y, 16)}${shape(peer.kind, "node-dot", x, y, 6)}
        <text x=${x} y=${y < CENTRE.y ? y - 20 : y + 32} text-anchor="middle">${peer.id.slice(-6)}</text>
      </g>`,
    )}
    <g class="node node-self">
      ${shape("tab", "node-halo", CENTRE.x, CENTRE.y, 28)}${shape("tab", "node-dot", CENTRE.x, CENTRE.y, 10)}
      <text x=${CENTRE.x} y=${CENTRE.y + 46} text-anchor="middle">this tab</text>
    </g>
  </svg>
  <ul class="legend quiet small" aria-hidden="true">
    ${KINDS.map(([kind, name]) => html`<li><svg viewBox="-8 -8 16 16" class="node">${shape(kind, "node-dot", 0, 0, 6)}</svg>${name}</li>`)}
  </ul>`;
}

/** @type {[Peer["kind"], string][]} */
const KINDS = [["gateway", "gateway"], ["tab", "tab of another visitor"]];

/**
 * @param {Peer["kind"]} kind
 * @param {string} name its class
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 */
function shape(kind, name, x, y, radius) {
  const side = Math.round(radius * 1.8);
  return kind === "gateway"
    ? svg`<circle class=${name} cx=${x} cy=${y} r=${radius} />`
    : svg`<rect class=${name} x=${x - side / 2} y=${y - side / 2} width=${side} height=${side} rx=${side / 5} />`;
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
  const count = (/** @type {Peer["kind"]} */ kind, /** @type {Peer["state"]} */ state) =>
    peers.filter((peer) => peer.kind === kind && peer.state === state).length;
  return `This tab is linked to ${plural(count("tab", "connected"), "other tab")}. Gateways: ${count("gateway", "connected")} connected, ${count("gateway", "connecting")} connecting, ${count("gateway", "dropped")} dropped, ${count("gateway", "gone")} gone.`;
}
