/**
 * What survives a reload: one IndexedDB database a network, one record a key.
 * @module
 */

const STORE = "records";

/** @typedef {import("./index.d.ts").Config} Config */

/**
 * The database of a network. A devnet that was started anew is another network, and so is a replay with its own clock.
 * @param {Config} config
 * @returns {string}
 */
export function databaseName({ network, fixedClockUnixMs }) {
  const parts = ["lampyris"];
  if (typeof network === "string") parts.push(network);
  else parts.push(network.name, String(network.chainId), network.genesisValidatorsRoot, String(network.genesisTime));
  if (typeof fixedClockUnixMs === "number") parts.push(`replay ${fixedClockUnixMs}`);
  return parts.join("/");
}

/** Records by key. */
export class Storage {
  #database;

  /**
   * @param {IDBDatabase} database
   * @param {() => void} onRemoved
   */
  constructor(database, onRemoved) {
    this.#database = database;
    database.onversionchange = () => {
      database.close();
      onRemoved();
    };
  }

  /**
   * @param {string} name
   * @param {() => void} onRemoved another tab removes the database; this is closed for it, and of no more use
   * @returns {Promise<Storage>}
   */
  static async open(name, onRemoved) {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    return new Storage(await settled(request), onRemoved);
  }

  /**
   * @param {string} key
   * @returns {Promise<Uint8Array | undefined>}
   */
  async load(key) {
    return settled(this.#database.transaction(STORE).objectStore(STORE).get(key));
  }

  /**
   * @param {string} prefix
   * @returns {Promise<string[]>}
   */
  async keys(prefix) {
    const records = this.#database.transaction(STORE).objectStore(STORE);
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    const keys = await settled(records.getAllKeys(range));
    return keys.map(String);
  }

  /**
   * Resolves when the record is on disk; `undefined` removes it.
   * @param {string} key
   * @param {Uint8Array | undefined} value
   * @returns {Promise<void>}
   */
  async store(key, value) {
    const transaction = this.#database.transaction(STORE, "readwrite", { durability: "strict" });
    const records = transaction.objectStore(STORE);
    if (value === undefined) records.delete(key);
    else records.put(value, key);
    transaction.commit();
    await completed(transaction);
  }
}

/**
 * Removes a database with everything in it, the vault of keys too.
 * @param {string} name
 * @returns {Promise<void>}
 */
export async function removeDatabase(name) {
  await settled(indexedDB.deleteDatabase(name));
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(storageError(request.error));
  });
}

/**
 * @param {IDBTransaction} transaction
 * @returns {Promise<void>}
 */
function completed(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(storageError(transaction.error));
  });
}

/**
 * @param {DOMException | null} error
 * @returns {Error & { code: string }}
 */
function storageError(error) {
  const message = `the browser's storage failed: ${error?.message ?? "aborted"}`;
  return Object.assign(new Error(message), { code: "unavailable" });
}
