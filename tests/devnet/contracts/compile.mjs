// Compiles the contracts once per change of their sources. `node contracts/compile.mjs` fills the cache and,
// with --layout, prints where the variables lie in storage.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const MODULES = new URL("../node_modules/", import.meta.url);
const CACHE = new URL(".cache/lampyris-devnet/", MODULES);
const OWN_SOURCES = ["GlowToken.sol", "GlowGovernor.sol"];
/** @type {Record<string, string>} the source that declares each contract we deploy */
const WANTED = {
  GlowToken: "GlowToken.sol",
  GlowGovernor: "GlowGovernor.sol",
  TimelockController: "@openzeppelin/contracts/governance/TimelockController.sol",
};
const SETTINGS = {
  evmVersion: "prague",
  optimizer: { enabled: true, runs: 200 },
  outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "storageLayout"] } },
};

/** @typedef {{ abi: any[], bytecode: `0x${string}`, storageLayout: any }} Artifact */

/** @returns {Record<"GlowToken" | "GlowGovernor" | "TimelockController", Artifact>} */
export function compiledContracts() {
  const sources = Object.fromEntries(OWN_SOURCES.map((name) => [name, { content: readSource(name) }]));
  const versions = ["solc", "@openzeppelin/contracts"].map((name) => require(`${name}/package.json`).version);
  const key = createHash("sha256")
    .update(JSON.stringify([sources, SETTINGS, versions]))
    .digest("hex");
  const file = new URL(`${key}.json`, CACHE);
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ENOENT") throw error;
  }
  const artifacts = compile(sources);
  mkdirSync(CACHE, { recursive: true });
  const draft = new URL(`${key}.${process.pid}`, CACHE); // several devnets may compile at once
  writeFileSync(draft, JSON.stringify(artifacts));
  renameSync(draft, file);
  return artifacts;
}

/** @param {Record<string, { content: string }>} sources @returns {any} */
function compile(sources) {
  const solc = require("solc");
  const input = { language: "Solidity", sources, settings: SETTINGS };
  const findImport = (/** @type {string} */ path) => ({ contents: readFileSync(new URL(path, MODULES), "utf8") });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
  const errors = (output.errors ?? []).filter((/** @type {any} */ error) => error.severity === "error");
  if (errors.length > 0) throw new Error(errors.map((/** @type {any} */ error) => error.formattedMessage).join("\n"));
  return Object.fromEntries(
    Object.entries(WANTED).map(([name, source]) => {
      const { abi, evm, storageLayout } = output.contracts[source][name];
      return [name, { abi, bytecode: `0x${evm.bytecode.object}`, storageLayout }];
    }),
  );
}

/** @param {string} name */
const readSource = (name) => readFileSync(new URL(name, import.meta.url), "utf8");

/** @param {Artifact} artifact */
function describeLayout({ storageLayout }) {
  return storageLayout.storage.map(
    (/** @type {any} */ { slot, offset, label, type }) =>
      `  slot ${slot.padStart(2)} offset ${offset}  ${label}: ${storageLayout.types[type].label}`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const artifacts = compiledContracts();
  if (process.argv.includes("--layout")) {
    for (const [name, artifact] of Object.entries(artifacts)) {
      console.log([name, ...describeLayout(artifact)].join("\n"));
    }
  }
}
