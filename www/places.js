/**
 * The places and their views. Overview comes with the page; the others are loaded when the page is at leisure, or when they are visited.
 * @module
 */

import { PLACE_NAMES } from "./components/frame.js";
import { html } from "./lit.js";
import { overview } from "./views/overview.js";

/** @typedef {import("./lit.js").Template} Template */
/** @typedef {import("./route.js").Place} Place */
/** @typedef {() => Template} View */

/** @type {Record<Exclude<Place, "overview">, () => Promise<View>>} */
const LOADERS = {
  accounts: async () => (await import("./views/accounts.js")).accounts,
  governance: async () => (await import("./views/governance.js")).governance,
  network: async () => (await import("./views/network.js")).network,
  settings: async () => (await import("./views/settings.js")).settings,
};

/** @type {Partial<Record<Place, View>>} */
const views = { overview };
/** Places that could not be loaded the last time. @type {Set<Place>} */
const missing = new Set();

/** What a place looks like, or why it is not there. @param {Place} place @returns {Template} */
export function view(place) {
  return views[place]?.() ?? html`<h1 tabindex="-1">${PLACE_NAMES[place]}</h1>
    ${
      missing.has(place)
        ? html`<p class="notice notice-bad" role="alert">
            This place could not be loaded. Come back to it when the page’s server is reachable again.
          </p>`
        : html`<p class="quiet" role="status">Loading.</p>`
    }`;
}

/** Resolves when a place can be shown; if it cannot be loaded, it says so, and is tried again at the next visit. @param {Place} place */
export async function load(place) {
  if (place === "overview" || views[place] !== undefined) return;
  try {
    views[place] = await LOADERS[place]();
    missing.delete(place);
  } catch {
    missing.add(place);
  }
}

/** Loads all of them: from then on the page needs its server no more. */
export async function loadAll() {
  for (const place of /** @type {Place[]} */ (Object.keys(LOADERS))) await load(place);
}
