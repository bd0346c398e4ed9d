/**
 * The one dependency of the page, and the one place that knows where it is served. Templates bind text only: there is no `unsafeHTML`
 * here, because all text from the chain and from peers is hostile.
 * @module
 */

export { html, nothing, render, svg } from "/vendor/lit-html@3.3.3/lit-html.js";
export { live } from "/vendor/lit-html@3.3.3/directives/live.js";
export { repeat } from "/vendor/lit-html@3.3.3/directives/repeat.js";

/** @typedef {import("/vendor/lit-html@3.3.3/lit-html.js").TemplateResult | typeof import("/vendor/lit-html@3.3.3/lit-html.js").nothing} Template */
