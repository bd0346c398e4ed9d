/**
 * Lampyris: a light client for Ethereum in a browser tab. Types and documentation: `index.d.ts`.
 * @module
 */

export { Client, createClient, removeStoredState } from "./client.js";
export { ClientError } from "./errors.js";
