/**
 * Accounts: any address looked up, one's own, payments and what comes of them.
 * @module
 */

import { html } from "../lit.js";
import { activity } from "./activity.js";
import { lookup } from "./lookup.js";
import { send } from "./send.js";
import { wallet } from "./wallet.js";

/** @returns {import("../lit.js").Template} */
export function accounts() {
  return html`<h1 tabindex="-1">Accounts</h1>
    ${lookup()} ${wallet()} ${send()} ${activity()}`;
}
