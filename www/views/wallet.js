/**
 * My accounts: make, import, unlock, lock, remove, with their proven balances.
 * @module
 */

import { ask, isCurrent } from "../answers.js";
import { openMark, proofMark } from "../components/mark.js";
import { amount, failure, field, hex } from "../components/parts.js";
import { ETHER_DECIMALS } from "../format.js";
import { html, nothing, repeat } from "../lit.js";
import { go } from "../route.js";
import { reloadAccounts } from "../session.js";
import { changed, draft, setDraft, state } from "../store.js";
import { clearTask, perform, task } from "../tasks.js";

/** @typedef {import("../../pkg/index.js").Account} Account */
/** @typedef {import("../store.js").Client} Client */
/** @typedef {import("../lit.js").Template} Template */

/** @returns {Template} */
export function wallet() {
  const { accounts } = state;
  return html`<section class="card" aria-labelledby="wallet-title">
    <h2 id="wallet-title">My accounts</h2>
    ${
      accounts === null || accounts.length === 0
        ? html`<p class="quiet">
            None yet. Keys are made in this tab, encrypted with your passphrase, and kept only in this browser.
          </p>`
        : html`<ul class="rows">
            ${repeat(accounts, (account) => account.address, row)}
          </ul>`
    }
    ${failure(task("account").error)}
    <div class="pair">
      <details ?open=${accounts === null || accounts.length === 0}>
        <summary>Import a key</summary>
        ${importForm()}
      </details>
      <details>
        <summary>Create a new key</summary>
        ${createForm()}
      </details>
    </div>
  </section>`;
}

/** @param {Account} account */
function row({ address, locked }) {
  const balance = ask(`balance ${address} latest`, "latest", (client, signal) =>
    client.balance(address, { block: "latest" }, signal),
  );
  const value = balance.result?.value;
  return html`<li class="account-row" data-testid="account-row" data-address=${address} data-locked=${locked}>
    <div class="account-line">
      <div class="account-name">
        ${hex(address, { head: 10, tail: 8 })} <span class="tag">${locked ? "locked" : "unlocked"}</span>
      </div>
      ${
        value === undefined
          ? html`<span class="pending" data-testid="account-balance" data-proven="false"
              >${balance.busy ? "proving…" : "not proven"} ${openMark()}</span
            >`
          : html`<span
              class="account-balance"
              data-testid="account-balance"
              data-wei=${value.wei}
              data-proven="true"
              data-current=${isCurrent(balance)}
              >${amount(value.wei, ETHER_DECIMALS, "ETH")} ${proofMark(balance, "Balance of ether")}</span
            >`
      }
    </div>
    ${locked ? unlockForm(address) : nothing} ${actions(address, locked)} ${removal(address)}
    ${failure(task(`unlock ${address}`).error)}
  </li>`;
}

/** @param {string} address */
function unlockForm(address) {
  const name = `unlock ${address}`;
  return html`<form
    class="row"
    @submit=${submitting(name, async (client) => void (await client.unlock(address, draft(name))), [name])}
  >
    <input class="aside" autocomplete="username" readonly tabindex="-1" aria-hidden="true" .value=${address} />
    ${passphrase(name, "Passphrase", "unlock-passphrase", "current-password", address)}
    <button type="submit" data-testid="unlock-submit" ?disabled=${task(name).busy}>
      ${task(name).busy ? "Unlocking…" : "Unlock"}
    </button>
  </form>`;
}

/**
 * @param {string} address
 * @param {boolean} locked
 */
function actions(address, locked) {
  return html`<p class="links">
    <button type="button" class="link" @click=${() => go("accounts", { ...state.route.parameters, from: address })}>
      Send from it
    </button>
    <button type="button" class="link" @click=${() => go("accounts", { ...state.route.parameters, address })}>
      Show all balances
    </button>
    ${locked ? nothing : html`<button type="button" class="link" @click=${() => act((client) => client.lock(address))}>Lock</button>`}
    <button type="button" class="link" @click=${() => setDraft("remove", address)}>Remove…</button>
  </p>`;
}

/** @param {string} address */
function removal(address) {
  if (draft("remove") !== address) return nothing;
  return html`<div class="notice notice-warn" role="alert">
    <div>
      <p>
        <strong>Remove this key for ever?</strong> Whoever has no copy of it loses the account with all that it holds.
      </p>
      <p class="buttons">
        <button
          type="button"
          class="button-bad"
          @click=${() =>
            act(async (client) => {
              await client.removeAccount(address);
              setDraft("remove", "");
            })}
        >
          Remove for ever
        </button>
        <button type="button" @click=${() => setDraft("remove", "")}>Keep it</button>
      </p>
    </div>
  </div>`;
}

/** @returns {Template} */
function importForm() {
  const work = async (/** @type {Client} */ client) =>
    void (await client.importAccount(normalKey(draft("import key")), draft("import passphrase")));
  return html`<form class="stack" @submit=${submitting("import", work, ["import key", "import passphrase"])}>
    ${field({
      id: "import-key",
      label: "Private key",
      hint: "0x and 64 hexadecimal digits. It never leaves this browser.",
      input: (described) =>
        html`<input
          id="import-key"
          data-testid="import-key"
          type="password"
          autocomplete="off"
          spellcheck="false"
          aria-describedby=${described}
          .value=${draft("import key")}
          @input=${typed("import key")}
        />`,
    })}
    ${passphrase("import passphrase", "Passphrase to encrypt it with", "import-passphrase", "new-password")}
    ${failure(task("import").error)}
    <button type="submit" class="button-main" data-testid="import-submit" ?disabled=${task("import").busy}>
      ${task("import").busy ? "Encrypting…" : "Import"}
    </button>
  </form>`;
}

/** @returns {Template} */
function createForm() {
  const work = async (/** @type {Client} */ client) => void (await client.createAccount(draft("create passphrase")));
  return html`<form class="stack" @submit=${submitting("create", work, ["create passphrase"])}>
    ${passphrase("create passphrase", "Passphrase to encrypt it with", "create-passphrase", "new-password")}
    ${failure(task("create").error)}
    <button type="submit" class="button-main" data-testid="create-submit" ?disabled=${task("create").busy}>
      ${task("create").busy ? "Creating…" : "Create"}
    </button>
  </form>`;
}

/**
 * @param {string} name of the draft
 * @param {string} label
 * @param {string} testid
 * @param {"new-password" | "current-password"} autocomplete
 * @param {string} [suffix] where there are several
 */
function passphrase(name, label, testid, autocomplete, suffix = "") {
  const id = `${testid}${suffix}`;
  return field({
    id,
    label,
    input: () =>
      html`<input
        id=${id}
        data-testid=${testid}
        type="password"
        autocomplete=${autocomplete}
        .value=${draft(name)}
        @input=${typed(name)}
      />`,
  });
}

/**
 * A key as people paste it.
 * @param {string} text
 * @returns {string}
 */
function normalKey(text) {
  const written = text.trim();
  return /^[0-9a-f]{64}$/i.test(written) ? `0x${written}` : written;
}

/** @param {string} name */
function typed(name) {
  return (/** @type {InputEvent} */ event) => setDraft(name, /** @type {HTMLInputElement} */ (event.target).value);
}

/**
 * A form's submission: runs the work, then forgets what was typed (keys and passphrases above all).
 * @param {string} name
 * @param {(client: Client) => Promise<void>} work
 * @param {string[]} drafts
 */
function submitting(name, work, drafts) {
  return async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const { client } = state;
    if (client === null) return;
    await perform(name, async () => {
      await work(client);
      for (const draft of drafts) delete state.drafts[draft];
      await reloadAccounts();
    });
  };
}

/** @param {(client: Client) => Promise<unknown>} work */
async function act(work) {
  const { client } = state;
  if (client === null) return;
  clearTask("account");
  await perform("account", async () => {
    await work(client);
    await reloadAccounts();
  });
  changed();
}
