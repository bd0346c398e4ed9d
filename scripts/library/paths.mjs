/** Where things lie, and the environment that the build tools need. */

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where cargo puts what it builds. */
export const cargoTarget = resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');

/** Where set-up installs the build tools that belong to this checkout. */
export const toolsFolder = join(root, 'target', 'tools');

/** What the two wasm crates are built into. */
export const generatedFolder = join(root, 'pkg', 'generated');

/** State of running stacks: logs, identities of gateways, process ids. */
export const runFolder = join(root, 'run');

const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
const searchPath = [join(toolsFolder, 'bin'), join(cargoHome, 'bin'), ...(process.env.PATH ?? '').split(delimiter)];

/** The folders in which cargo unpacks the sources of dependencies. */
export function cargoRegistries() {
  const sources = join(cargoHome, 'registry', 'src');
  return existsSync(sources) ? readdirSync(sources).map((name) => join(sources, name)) : [];
}

/** The environment for every tool: our own tools come first, and rustup's even when the shell does not know them yet. */
export const toolEnvironment = { ...process.env, PATH: searchPath.join(delimiter) };

/**
 * The first of these programs that exists.
 * @param {...string} names
 * @returns {string | null} its full path
 */
export function findProgram(...names) {
  for (const name of names) {
    for (const folder of searchPath) {
      const file = join(folder, name);
      if (existsSync(file)) return file;
    }
  }
  return null;
}

/** The browser that tests and measurements drive; `LAMPYRIS_CHROMIUM` names another one. */
export function findChromium() {
  return process.env.LAMPYRIS_CHROMIUM ?? findProgram('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable');
}

/**
 * The version of a crate in `Cargo.lock`.
 * @param {string} name
 */
export function lockedCrateVersion(name) {
  const lock = readFileSync(join(root, 'Cargo.lock'), 'utf8');
  const version = lock.match(new RegExp(`\\[\\[package\\]\\]\nname = "${name}"\nversion = "([^"]+)"`))?.[1];
  if (version === undefined) throw new Error(`Cargo.lock does not pin ${name}`);
  return version;
}

/** The Rust version that `rust-toolchain.toml` pins. */
export function pinnedRustVersion() {
  const version = readFileSync(join(root, 'rust-toolchain.toml'), 'utf8').match(/^channel\s*=\s*"([^"]+)"/m)?.[1];
  if (version === undefined) throw new Error('rust-toolchain.toml names no channel');
  return version;
}
