/**
 * The place that the page shows, as the hash of its address: `#/accounts?address=0x…&block=finalized`. Reload and back restore it,
 * forms in progress too, so nothing secret ever goes in.
 * @module
 */

/** The places, in the order of the navigation. */
export const PLACES = Object.freeze(
  /** @type {const} */ (["overview", "accounts", "governance", "network", "settings"]),
);

/** A longer one is not ours. */
const HASH_LENGTH_MAX = 4096;

/** @typedef {(typeof PLACES)[number]} Place */
/** @typedef {{ place: Place, parameters: Record<string, string> }} Route */

/**
 * @param {string} hash
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [path = "", query = ""] = hash
    .slice(0, HASH_LENGTH_MAX)
    .replace(/^#?\/?/, "")
    .split("?", 2);
  const place = PLACES.find((known) => known === path) ?? "overview";
  return { place, parameters: Object.fromEntries(new URLSearchParams(query)) };
}

/**
 * @param {Place} place
 * @param {Record<string, string | undefined>} [parameters] empty and undefined ones are left out
 * @returns {string}
 */
export function formatRoute(place, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== "") query.set(name, value);
  const text = query.toString();
  return `#/${place}${text === "" ? "" : `?${text}`}`;
}

/**
 * Goes to a place; with `replace`, without a step back to the former one (for what is typed letter by letter).
 * @param {Place} place
 * @param {Record<string, string | undefined>} [parameters]
 * @param {{ replace?: boolean }} [options]
 */
export function go(place, parameters, { replace = false } = {}) {
  const hash = formatRoute(place, parameters);
  if (hash === location.hash) return;
  if (!replace) {
    location.hash = hash;
    return;
  }
  history.replaceState(null, "", hash);
  dispatchEvent(new HashChangeEvent("hashchange"));
}
