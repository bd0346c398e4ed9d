/** @param {Uint8Array} bytes */
export const toHex = (bytes) => `0x${Buffer.from(bytes).toString("hex")}`;

/** @param {string} hex with its 0x prefix */
export const fromHex = (hex) => new Uint8Array(Buffer.from(hex.slice(2), "hex"));

/** A JSON-RPC quantity: no leading zeros. @param {number | bigint} value */
export const toQuantity = (value) => `0x${BigInt(value).toString(16)}`;
