/**
 * The methods of the core that a client has too, by the same name: one method, one place. Their types are in `index.d.ts`.
 * @module
 */

export const METHODS = Object.freeze(
  /** @type {const} */ ([
    "state",
    "balance",
    "tokenBalance",
    "accounts",
    "createAccount",
    "importAccount",
    "unlock",
    "lock",
    "removeAccount",
    "quote",
    "send",
    "transactions",
    "forgetTransaction",
    "governors",
    "proposals",
    "votingPower",
    "castVote",
  ]),
);

/** Those that do something twice, or fail the second time, when they are repeated. */
export const UNREPEATABLE = Object.freeze(
  /** @type {const} */ (["createAccount", "removeAccount", "send", "forgetTransaction", "castVote"]),
);

/** @typedef {(typeof METHODS)[number]} Method */
