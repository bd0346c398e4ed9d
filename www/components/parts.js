/**
 * Small parts that every place uses.
 * @module
 */

import { ADVICE, FAULTS } from "../failure.js";
import { formatAmount, shorten } from "../format.js";
import { html, nothing } from "../lit.js";
import { pieces } from "../text.js";
import { COPY, WARNING } from "./icons.js";

/** @typedef {import("../lit.js").Template} Template */
/** @typedef {import("../store.js").ClientError} ClientError */

/** Digits after the point that are read; those beyond are shown, but small. */
const FRACTION_READ = 6;

/**
 * What happened, whose fault it was, what to do.
 * @param {ClientError | null} error
 * @param {string} [testid]
 * @returns {Template}
 */
export function failure(error, testid) {
  if (error === null) return nothing;
  const { title, advice } = ADVICE[error.code];
  const calm = error.code === "not_synced";
  return html`<div
    class="notice ${calm ? "notice-calm" : "notice-bad"}"
    role=${calm ? "status" : "alert"}
    data-testid=${testid ?? nothing}
    data-code=${error.code}
  >
    ${WARNING}
    <div>
      <p><strong>${title}</strong> <span class="tag">${FAULTS[error.fault]}</span></p>
      <p>${inert(error.message)}</p>
      <p class="quiet">${advice}</p>
    </div>
  </div>`;
}

/**
 * An exact amount: digits beyond the sixth are small, none is left out.
 * @param {bigint} amount
 * @param {number} decimals
 * @param {string} unit from a configuration or a peer
 * @returns {Template}
 */
export function amount(amount, decimals, unit) {
  const [whole = "", fraction = ""] = formatAmount(amount, decimals).split(".");
  const fine = fraction.slice(FRACTION_READ);
  return html`<span class="amount"
    >${whole}${fraction === "" ? nothing : html`<span class="fraction">.${fraction.slice(0, FRACTION_READ)}</span>`}${
      fine === "" ? nothing : html`<span class="fine">${fine}</span>`
    }<span class="unit">${" "}${inert(unit)}</span></span
  >`;
}

/**
 * Something long in hexadecimal: both its ends, the whole for readers of titles, and a button that copies it.
 * @param {string} text
 * @param {{ head?: number, tail?: number, testid?: string, copy?: boolean }} [options]
 * @returns {Template}
 */
export function hex(text, { head = 10, tail = 8, testid, copy = true } = {}) {
  return html`<span class="hex"
    ><code data-testid=${testid ?? nothing} data-value=${text} title=${text}>${shorten(text, head, tail)}</code>${
      copy
        ? html`<button
            type="button"
            class="copy"
            aria-label="Copy ${shorten(text)}"
            title="Copy"
            @click=${copying(text)}
          >
            ${COPY}
          </button>`
        : nothing
    }</span
  >`;
}

/**
 * Text of others, isolated from the page's own direction, with its invisible characters made visible.
 * @param {string} text
 * @returns {Template}
 */
export function inert(text) {
  return html`<bdi
    >${pieces(text).map(({ text, visible }) => (visible ? html`<span class="invisible" title="an invisible character">${text}</span>` : text))}</bdi
  >`;
}

/**
 * A field with its label, hint and problem, tied together for screen readers.
 * @param {{ id: string, label: string, hint?: Template | string, problem?: string | null, input: (described: string) => Template }} field
 * @returns {Template}
 */
export function field({ id, label, hint, problem = null, input }) {
  const described = `${hint === undefined ? "" : `${id}-hint`} ${problem === null ? "" : `${id}-problem`}`.trim();
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${input(described)} ${hint === undefined ? nothing : html`<p class="quiet" id="${id}-hint">${hint}</p>`}
    ${problem === null ? nothing : html`<p class="problem" id="${id}-problem">${problem}</p>`}
  </div>`;
}

/**
 * @param {string} text
 * @returns {(event: Event) => Promise<void>}
 */
function copying(text) {
  return async (event) => {
    const button = /** @type {HTMLElement} */ (event.currentTarget);
    await navigator.clipboard.writeText(text);
    button.dataset["copied"] = "true";
    setTimeout(() => delete button.dataset["copied"], 1200);
  };
}
