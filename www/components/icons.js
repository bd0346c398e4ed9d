/**
 * Icons, drawn here so that nothing is fetched for them. All are decoration: the words stand beside them.
 * @module
 */

import { svg } from "../lit.js";

/** @typedef {import("../lit.js").Template} Template */

/** @param {Template} shape */
const icon = (shape) =>
  svg`<svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.6"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${shape}</svg>`;

/** @type {Record<import("../route.js").Place, Template>} */
export const PLACE_ICONS = {
  overview: icon(
    svg`<circle cx="12" cy="12" r="3.2"/><path d="M12 3.5v2M12 18.5v2M3.5 12h2M18.5 12h2M6 6l1.4 1.4M16.6 16.6 18 18M18 6l-1.4 1.4M7.4 16.6 6 18"/>`,
  ),
  accounts: icon(svg`<rect x="3.5" y="6" width="17" height="13" rx="2.5"/><path d="M3.5 10h17M15.5 14.5h1.6"/>`),
  governance: icon(svg`<path d="M4 19.5h16M6.5 16V10M12 16V6M17.5 16v-3.5"/>`),
  network: icon(
    svg`<circle cx="12" cy="5.5" r="2"/><circle cx="5.5" cy="17.5" r="2"/><circle cx="18.5" cy="17.5" r="2"/><path d="m11 7.3-4.5 8.4M13 7.3l4.5 8.4M7.5 17.5h9"/>`,
  ),
  settings: icon(
    svg`<path d="M4 7.5h9M17 7.5h3M4 16.5h3M11 16.5h9"/><circle cx="15" cy="7.5" r="2"/><circle cx="9" cy="16.5" r="2"/>`,
  ),
};

/** A seal: filled where the proof is final, open where only the sync committee attests it, broken where there is none. */
export const SEAL = {
  finalized: svg`<svg class="seal" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><circle class="seal-disc" cx="10" cy="10" r="8"/><path class="seal-tick" d="m6.4 10.3 2.5 2.4 4.8-5.2"/></svg>`,
  optimistic: svg`<svg class="seal" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><circle class="seal-ring" cx="10" cy="10" r="7.2"/><path class="seal-check" d="m6.6 10.3 2.4 2.3 4.5-4.9"/></svg>`,
  none: svg`<svg class="seal" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><circle class="seal-open" cx="10" cy="10" r="7.2"/></svg>`,
};

export const CLOSE = icon(svg`<path d="m6.5 6.5 11 11M17.5 6.5l-11 11"/>`);
export const COPY = icon(svg`<rect x="8.5" y="8.5" width="11" height="11" rx="2"/><path d="M15.5 5.5v-1h-11v11h1"/>`);
export const WARNING = icon(svg`<path d="M12 4.5 20.5 19h-17z"/><path d="M12 10.5v4M12 17v.01"/>`);
