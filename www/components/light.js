/**
 * The light: it pulses once for each verified head, dims when the head ages, and is out when nothing is known.
 * @module
 */

import { headAge, slotSeconds } from "../clock.js";
import { html, nothing, svg } from "../lit.js";
import { state } from "../store.js";

/** @typedef {import("../lit.js").Template} Template */

/** Around the ring: 100 by `pathLength`, so that a part of it is a percentage. */
const RING = 100;

/** Words for each phase. */
export const PHASE_WORDS = Object.freeze({
  starting: "Starting",
  connecting: "Connecting",
  syncing: "Syncing",
  synced: "Synced",
  ageing: "Ageing",
  stale_checkpoint: "Checkpoint too old",
  failed: "Failed",
});

/** @returns {keyof typeof PHASE_WORDS} */
export function phase() {
  if (state.boot === "failed") return "failed";
  return state.status?.phase ?? "starting";
}

/**
 * How bright: 4 with a fresh head, down to 0.
 * @returns {number}
 */
export function brightness() {
  const now = phase();
  if (now === "failed" || now === "stale_checkpoint") return 0;
  const head = state.status?.optimistic;
  if (head === null || head === undefined) return 1;
  if (now === "ageing") return headAge(head) > slotSeconds() * 32 ? 1 : 2;
  if (typeof state.config?.fixedClockUnixMs === "number") return 4;
  return headAge(head) > slotSeconds() * 3 ? 3 : 4;
}

/** The small one, beside the words. */
export function smallLight() {
  return html`<span
    class="light"
    data-brightness=${brightness()}
    data-waiting=${isWaiting()}
    data-beat=${beat()}
    aria-hidden="true"
  ></span>`;
}

/**
 * The large one; the ring around it is the part of the sync committee that signed.
 * @returns {Template}
 */
export function largeLight() {
  const head = state.status?.optimistic ?? null;
  const part = head === null ? 0 : Math.min(RING, (head.participation / Math.max(1, head.participationOf)) * RING);
  return html`<div
    class="orb"
    data-brightness=${brightness()}
    data-waiting=${isWaiting()}
    data-beat=${beat()}
    aria-hidden="true"
  >
    <span class="orb-halo"></span><span class="orb-core"></span>
    <svg viewBox="0 0 200 200">
      <circle class="orb-track" cx="100" cy="100" r="94" />
      ${
        head === null
          ? nothing
          : svg`<circle class="orb-ring" cx="100" cy="100" r="94" pathLength="100" stroke-dasharray="${part} ${RING - part}" transform="rotate(-90 100 100)" />`
      }
    </svg>
  </div>`;
}

/** Two names of one animation: it starts anew when the name changes. */
function beat() {
  return state.heads === 0 ? "none" : String(state.heads % 2);
}

function isWaiting() {
  const now = phase();
  return now === "starting" || now === "connecting" || now === "syncing";
}
