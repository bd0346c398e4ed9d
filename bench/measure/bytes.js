// Bytes as they pass between processes.

/** @param {string} hex with `0x` */
export function bytesOf(hex) {
  const bytes = new Uint8Array(hex.length / 2 - 1);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = Number.parseInt(hex.slice(2 * index + 2, 2 * index + 4), 16);
  return bytes;
}

/** @param {string} base64 */
export const bytesOfBase64 = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
