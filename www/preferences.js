/**
 * What the user chose over what is served: theme, network, checkpoint, gateways. Kept in the browser, never replaced silently.
 * @module
 */

/** @typedef {import("./store.js").PageConfig} PageConfig */
/** @typedef {"system" | "light" | "dark"} Theme */
/** @typedef {{ network: string, checkpoint: string, gateways: string[] }} Overrides empty means: as served */

const THEME_KEY = "lampyris.theme";
const OVERRIDES_KEY = "lampyris.overrides";

/** Networks that are built into the client. */
export const NETWORKS = Object.freeze(["mainnet", "sepolia", "hoodi"]);

/** @returns {Theme} */
export function theme() {
  const stored = localStorage.getItem(THEME_KEY);
  return stored === "light" || stored === "dark" ? stored : "system";
}

/** @param {Theme} chosen */
export function setTheme(chosen) {
  if (chosen === "system") localStorage.removeItem(THEME_KEY);
  else localStorage.setItem(THEME_KEY, chosen);
  applyTheme();
}

export function applyTheme() {
  document.documentElement.dataset["theme"] = theme();
}

/** @returns {Overrides} */
export function overrides() {
  /** @type {Overrides} */
  const none = { network: "", checkpoint: "", gateways: [] };
  const stored = localStorage.getItem(OVERRIDES_KEY);
  if (stored === null) return none;
  try {
    const { network, checkpoint, gateways } = JSON.parse(stored);
    const strings = Array.isArray(gateways) && gateways.every((gateway) => typeof gateway === "string");
    if (typeof network === "string" && typeof checkpoint === "string" && strings)
      return { network, checkpoint, gateways };
  } catch {
    // Not ours: told apart below.
  }
  localStorage.removeItem(OVERRIDES_KEY);
  return none;
}

/** @param {Overrides} chosen */
export function setOverrides(chosen) {
  const empty = chosen.network === "" && chosen.checkpoint === "" && chosen.gateways.length === 0;
  if (empty) localStorage.removeItem(OVERRIDES_KEY);
  else localStorage.setItem(OVERRIDES_KEY, JSON.stringify(chosen));
}

/**
 * The configuration as served, with what the user chose instead. Another network has other tokens, governors and addresses.
 * @param {PageConfig} served
 * @param {Overrides} chosen
 * @returns {PageConfig}
 */
export function configured(served, chosen) {
  const config = { ...served };
  if (chosen.network !== "") {
    Object.assign(config, {
      network: chosen.network,
      tokens: [],
      governors: [],
      watch: [],
      note: null,
      fixedClockUnixMs: null,
    });
  }
  if (chosen.checkpoint !== "") config.checkpoint = chosen.checkpoint;
  if (chosen.gateways.length > 0) config.gateways = chosen.gateways;
  return config;
}

/**
 * What is wrong with the choice, or null.
 * @param {Overrides} chosen
 * @returns {string | null}
 */
export function overridesProblem({ network, checkpoint, gateways }) {
  if (checkpoint !== "" && !/^0x[0-9a-f]{64}$/i.test(checkpoint))
    return "A checkpoint is 0x and 64 hexadecimal digits: the root of a finalized beacon block.";
  const odd = gateways.find((gateway) => !/^\/.+\/p2p\/[1-9A-HJ-NP-Za-km-z]+$/.test(gateway));
  if (odd !== undefined)
    return `Not a gateway’s address: ${odd.slice(0, 80)}. It begins with / and ends with /p2p/ and the gateway’s id.`;
  if (network !== "" && (checkpoint === "" || gateways.length === 0))
    return "Another network needs its own checkpoint and gateways.";
  return null;
}
