/**
 * What the page knows, in one object, and the one way to show a change of it.
 * @module
 */

import { parseRoute } from "./route.js";

/** @typedef {import("../pkg/index.js").Client} Client */
/** @typedef {import("../pkg/index.js").ClientError} ClientError */
/** @typedef {import("../pkg/index.js").Config} ClientConfig */
/** @typedef {import("../pkg/index.js").Status} Status */
/** @typedef {import("../pkg/index.js").Proof} Proof */
/** @typedef {import("../pkg/index.js").Account} Account */
/** @typedef {Omit<import("../pkg/index.js").Governor, "layout">} Governor */
/** @typedef {import("../pkg/index.js").TransactionStatus} TransactionStatus */

/**
 * What is served as `/config.json`: the client's configuration, and what only the page reads.
 * @typedef {ClientConfig & { watch?: { label: string, address: string }[], note?: string | null }} PageConfig
 */

/**
 * What the evidence dialog shows.
 * @typedef {{ subject: string, proof: Proof, heardAt: number, current: boolean }} Evidence
 */

export const state = {
  route: parseRoute(location.hash),
  /** @type {PageConfig | null} */
  config: null,
  /** @type {"starting" | "running" | "failed"} */
  boot: "starting",
  /** @type {ClientError | null} */
  bootError: null,
  /** @type {Client | null} */
  client: null,
  /** @type {Status | null} */
  status: null,
  /** The sync-committee period at which the catch-up began. */
  progressFrom: /** @type {number | null} */ (null),
  /** When `status` came, by `performance.now()`. */
  statusHeardAt: 0,
  /** Verified heads since the page was opened: the light pulses with each. */
  heads: 0,
  /** Slots of the newest verified heads, newest last. */
  slots: /** @type {number[]} */ ([]),
  /** @type {{ part: string, message: string, restarting: boolean } | null} */
  crash: null,
  /** @type {Account[] | null} */
  accounts: null,
  /** @type {Governor[]} */
  governors: [],
  /** @type {TransactionStatus[]} */
  transactions: [],
  /** @type {Evidence | null} */
  evidence: null,
  /** What is typed and not yet sent, by the name of its field. Never kept beyond the page. */
  drafts: /** @type {Record<string, string>} */ ({}),
};

/** @type {() => void} */
let draw = () => {};
let scheduled = false;

/**
 * @param {() => void} renderer
 */
export function drawWith(renderer) {
  draw = renderer;
}

/** Draws soon, once for all changes until then. A hidden page is drawn too, more slowly, so that tests and readers find it right. */
export function changed() {
  if (scheduled) return;
  scheduled = true;
  const run = () => {
    scheduled = false;
    draw();
  };
  if (document.visibilityState === "visible") requestAnimationFrame(run);
  else setTimeout(run, 250);
}

/**
 * @param {string} name
 * @returns {string}
 */
export function draft(name) {
  return state.drafts[name] ?? "";
}

/**
 * @param {string} name
 * @param {string} value
 */
export function setDraft(name, value) {
  state.drafts[name] = value;
  changed();
}
