/**
 * A first reading of what a proposal's action calls. Only a reading: four bytes name a function by convention, not by proof.
 * @module
 */

/** @typedef {{ name: string, kinds: ("address" | "uint256" | "bytes32")[] }} Signature */

/** Functions whose arguments are all of one word, by selector. */
const SIGNATURES = Object.freeze(
  /** @type {Record<string, Signature>} */ ({
    "0xa9059cbb": { name: "transfer", kinds: ["address", "uint256"] },
    "0x095ea7b3": { name: "approve", kinds: ["address", "uint256"] },
    "0x23b872dd": { name: "transferFrom", kinds: ["address", "address", "uint256"] },
    "0x40c10f19": { name: "mint", kinds: ["address", "uint256"] },
    "0x2f2ff15d": { name: "grantRole", kinds: ["bytes32", "address"] },
    "0xd547741f": { name: "revokeRole", kinds: ["bytes32", "address"] },
    "0xf2fde38b": { name: "transferOwnership", kinds: ["address"] },
    "0x3659cfe6": { name: "upgradeTo", kinds: ["address"] },
    "0xea0217cf": { name: "setVotingPeriod", kinds: ["uint256"] },
    "0x70b0f660": { name: "setVotingDelay", kinds: ["uint256"] },
    "0xece40cc1": { name: "setProposalThreshold", kinds: ["uint256"] },
    "0x06f3f9e6": { name: "updateQuorumNumerator", kinds: ["uint256"] },
    "0x64d62353": { name: "updateDelay", kinds: ["uint256"] },
  }),
);

/**
 * `transfer(0x…, 25000)`, or null where the selector is unknown or the arguments do not fit it exactly.
 * @param {string} calldata
 * @returns {string | null}
 */
export function readCalldata(calldata) {
  const signature = SIGNATURES[calldata.slice(0, 10).toLowerCase()];
  if (signature === undefined) return null;
  const words = calldata.slice(10);
  if (words.length !== signature.kinds.length * 64) return null;
  const values = signature.kinds.map((kind, index) => readWord(kind, words.slice(index * 64, index * 64 + 64)));
  return values.includes(null) ? null : `${signature.name}(${values.join(", ")})`;
}

/**
 * @param {Signature["kinds"][number]} kind
 * @param {string} word
 * @returns {string | null}
 */
function readWord(kind, word) {
  if (!/^[0-9a-f]{64}$/i.test(word)) return null;
  if (kind === "bytes32") return `0x${word}`;
  const number = BigInt(`0x${word}`);
  if (kind === "uint256") return number.toString();
  return word.startsWith("0".repeat(24)) ? `0x${word.slice(24)}` : null;
}

/**
 * Bytes of a `0x…` string.
 * @param {string} hex
 * @returns {number}
 */
export function byteLength(hex) {
  return Math.max(0, (hex.length - 2) / 2);
}
