/**
 * The client's life on the page: started once, its news put into the store.
 * @module
 */

import { createClient, removeStoredState } from "../pkg/index.js";
import { renewAnswers } from "./answers.js";
import { clientError } from "./failure.js";
import { configured, overrides } from "./preferences.js";
import { changed, state } from "./store.js";

/** @typedef {import("./store.js").Client} Client */
/** @typedef {import("./store.js").PageConfig} PageConfig */
/** @typedef {import("./store.js").Status} Status */
/** @typedef {import("./store.js").TransactionStatus} TransactionStatus */

/** As many as the strip of slots shows. */
const SLOTS_KEPT_MAX = 64;

/** Reads the configuration and starts the client; what goes wrong is shown. */
export async function startSession() {
  try {
    // A promise: what needs no configuration begins before it is there.
    const client = await createClient(clientConfig(), { fetchGateways });
    listen(client);
    state.client = client;
    Object.assign(globalThis, { lampyris: client }); // for the console, and for who builds on it
    state.boot = "running";
    heardStatus(await client.state());
    const [governors, transactions] = await Promise.all([client.governors(), client.transactions()]);
    state.governors = governors;
    for (const transaction of transactions.toReversed()) heardTransaction(transaction);
    await reloadAccounts();
  } catch (error) {
    state.bootError = clientError(error);
    if (state.client === null) state.boot = "failed";
  }
  changed();
}

/** Reads the vault's accounts again, after one was made, removed, unlocked or locked. */
export async function reloadAccounts() {
  if (state.client === null) return;
  state.accounts = await state.client.accounts();
  changed();
}

/** Ends the client, forgets all it stored for this network, and starts over. */
export async function clearStoredState() {
  const { client, config } = state;
  if (config === null) return;
  await client?.close();
  await removeStoredState(config);
  location.reload();
}

/** @param {TransactionStatus} transaction */
export function heardTransaction(transaction) {
  const index = state.transactions.findIndex(({ hash }) => hash === transaction.hash);
  if (index === -1) state.transactions.unshift(transaction);
  else state.transactions[index] = transaction;
  changed();
}

/** Reads what the page is started with; the client gets its part. */
async function clientConfig() {
  state.config = configured(await served(), overrides());
  changed();
  const { watch: _, note: __, ...config } = state.config;
  return config;
}

/** @returns {Promise<PageConfig>} */
async function served() {
  const response = await fetch("/config.json", { cache: "no-store" });
  if (!response.ok)
    throw new Error(`the page’s configuration could not be loaded: ${response.status} ${response.statusText}`);
  return response.json();
}

/** The gateways that are served now, unless the user has chosen others. */
async function fetchGateways() {
  return configured(await served(), overrides()).gateways;
}

/** @param {Client} client */
function listen(client) {
  client.addEventListener("status", ({ detail }) => heardStatus(detail));
  client.addEventListener("head", ({ detail }) => heardHead(detail.slot));
  client.addEventListener("transaction", ({ detail }) => heardTransaction(detail));
  client.addEventListener("accounts", ({ detail }) => {
    state.accounts = detail;
    changed();
  });
  client.addEventListener("crashed", ({ detail }) => {
    state.crash = detail;
    if (detail.part === "core") state.status = null; // nothing is known until it is verified again
    if (!detail.restarting) state.boot = "failed";
    else if (detail.part === "core") void reloadAccounts().catch(() => {}); // they are locked again
    changed();
  });
}

/** @param {Status} status */
function heardStatus(status) {
  state.status = status;
  state.statusHeardAt = performance.now();
  state.progressFrom = status.progress === null ? null : (state.progressFrom ?? status.progress.period);
  if (status.optimistic !== null) heardSlot(status.optimistic.slot);
  renewAnswers();
  changed();
}

/** @param {number} slot */
function heardHead(slot) {
  state.heads += 1;
  heardSlot(slot);
  changed();
}

/** @param {number} slot */
function heardSlot(slot) {
  if (state.slots.includes(slot)) return;
  state.slots = [...state.slots, slot].sort((left, right) => left - right).slice(-SLOTS_KEPT_MAX);
}
