/**
 * Network: who the tab is connected to, and what each did.
 * @module
 */

import { swarmPicture } from "../components/swarm.js";
import { inert } from "../components/parts.js";
import { peerAddress } from "../peers.js";
import { formatBytes, formatCount, formatTime, plural, shorten } from "../format.js";
import { html, nothing, repeat } from "../lit.js";
import { formatRoute } from "../route.js";
import { state } from "../store.js";

/** @typedef {import("../../pkg/index.js").Peer} Peer */
/** @typedef {import("../../pkg/index.js").Status} Status */
/** @typedef {import("../lit.js").Template} Template */

const STATE_WORDS = Object.freeze({
  connecting: "Connecting",
  connected: "Connected",
  dropped: "Dropped",
  gone: "Gone",
});

const KIND_WORDS = Object.freeze({ gateway: "Gateway", tab: "Tab" });

/** @returns {Template} */
export function network() {
  const peers = state.status?.peers ?? [];
  return html`<h1 tabindex="-1">Network</h1>
    <section class="card" aria-labelledby="picture-title">
      <h2 id="picture-title" class="aside">Picture of the swarm</h2>
      ${swarmPicture(peers)}
    </section>
    <section class="card" aria-labelledby="peers-title">
      <h2 id="peers-title">Peers</h2>
      ${peers.length === 0 ? html`<p class="quiet">No peer is known yet. <a href=${formatRoute("settings")}>Gateways are set in Settings.</a></p>` : table(peers)}
      ${state.status === null ? nothing : html`<p data-testid="sharing" data-role=${state.status.role}>
              ${sharing(state.status)}
              <span data-testid="served" data-bytes=${state.status.servedBytes}>Served ${formatBytes(state.status.servedBytes)} of verified data to others.</span>
            </p>`}
      <p class="quiet small">
        No peer is believed. What one sends is verified in this tab, or it is dropped and named here.
      </p>
    </section>`;
}

/**
 * Whose connections these are.
 * @param {Status} status
 */
function sharing({ role, followers }) {
  if (role === "follower") return "Another tab of this site keeps the connections, and this one uses them.";
  if (followers === 0) return "This tab keeps the connections for itself; other tabs of this site would use them.";
  return `This tab leads; ${plural(followers, "other tab")} of this site ${followers === 1 ? "uses" : "use"} its connections.`;
}

/** @param {Peer[]} peers */
function table(peers) {
  return html`<div class="scroll">
    <table class="peers" role="table">
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader">Peer</th>
          <th scope="col" role="columnheader">State</th>
          <th scope="col" role="columnheader">Latency</th>
          <th scope="col" role="columnheader">Requests</th>
          <th scope="col" role="columnheader">Received</th>
          <th scope="col" role="columnheader">Gossip</th>
        </tr>
      </thead>
      ${repeat(peers, (peer) => `${peer.id} ${peer.address}`, row)}
    </table>
  </div>`;
}

/** @param {Peer} peer */
function row(peer) {
  const { id, address, kind, state: now, latencyMs, requests, bytes, gossip, reason, faults } = peer;
  return html`<tbody role="rowgroup" data-testid="peer-row" data-peer=${id} data-kind=${kind} data-state=${now}>
    <tr role="row">
      <th scope="row" role="rowheader">
        <code title=${id}>${shorten(id, 12, 6)}</code
        ><span class="quiet small" title=${address}>${KIND_WORDS[kind]} · ${inert(peerAddress(address))}</span>
      </th>
      <td role="cell" data-label="State"><span class="badge" data-peer-state=${now}>${STATE_WORDS[now]}</span></td>
      <td role="cell" data-label="Latency">${latencyMs === null ? "–" : `${formatCount(Math.round(latencyMs))} ms`}</td>
      <td role="cell" data-label="Requests">${formatCount(requests)}</td>
      <td role="cell" data-label="Received">${formatBytes(bytes)}</td>
      <td role="cell" data-label="Gossip">${formatCount(gossip)}</td>
    </tr>
    ${
      reason === null && faults.length === 0
        ? nothing
        : html`<tr class="peer-why" role="row">
            <td colspan="6" role="cell">${why(peer)}</td>
          </tr>`
    }
  </tbody>`;
}

/** @param {Peer} peer */
function why({ reason, faults, state: now, since }) {
  return html`${
    reason === null
      ? nothing
      : html`<p class=${now === "dropped" ? "bad" : ""}>
          <strong>${now === "dropped" ? "Dropped" : now === "gone" ? "Gone" : "Before"}:</strong>
          <span data-testid="peer-reason">${inert(reason)}</span> <span class="quiet small">${formatTime(since)}</span>
        </p>`
  }
  ${
    faults.length === 0
      ? nothing
      : html`<details>
          <summary>${plural(faults.length, "fault")}</summary>
          <ul class="faults">
            ${faults.map(({ kind, message, at }) => html`<li><span class="tag">${inert(kind)}</span> ${inert(message)} <span class="quiet small">${formatTime(at)}</span></li>`)}
          </ul>
        </details>`
  }`;
}
