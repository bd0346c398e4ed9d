/**
 * Builds the two wasm of the npm package, and the native gateway with its lying sister for the tests.
 *
 *     npm run build [-- --fast] [-- --wasm] [-- --native] [-- --help]
 */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { cargoRegistries, cargoTarget, generatedFolder, root } from './library/paths.mjs';
import { duration, progress, runMain } from './library/report.mjs';
import { run } from './library/run.mjs';
import { ensureSetup } from './setup.mjs';

const help = `Usage: npm run build [-- options]

  --fast     the wasm quickly and large, for the inner loop
  --wasm     only the wasm
  --native   only the native programs and tests, with the lying gateway
  --help     this text`;

/**
 * The wasm by their role. Each becomes `<name>.js` and `<name>_bg.wasm` in `pkg/generated`.
 * @type {{ folder: string, name: string, panics?: 'told' | 'trap' }[]}
 */
const wasmCrates = [
  { folder: 'crate/wasm/core', name: 'lampyris_core' },
  // A hook tells the page of its panics, see `crash.rs`.
  { folder: 'crate/wasm/net', name: 'lampyris_net', panics: 'told' },
];

/** Of wasm-opt: as small as it can, with only what rustc's own wasm may use too. */
const optimizations = ['-Oz', '--enable-bulk-memory', '--enable-mutable-globals', '--enable-multivalue', '--enable-nontrapping-float-to-int',
  '--enable-reference-types', '--enable-sign-ext', '--enable-simd', '--strip-debug', '--strip-producers', '--strip-target-features'];

/**
 * For a wasm whose panic is a bare trap: without the texts of panics and their formatting, and the standard library, built along for the
 * sake of that, prefers size too. Cargo calls it unstable, and `RUSTC_BOOTSTRAP` permits it to the pinned Rust, so that it cannot change under us.
 */
const trapping = {
  cargo: ['-Zpanic-immediate-abort', '-Zbuild-std=std', '-Zbuild-std-features=optimize_for_size', '--config', 'profile.wasm.panic="immediate-abort"'],
  // A copy of more than 16 bytes is one instruction and not a row of loads and stores.
  rustc: ['-Cllvm-args=--max-store-memcpy=2', '-Cllvm-args=--max-store-memmove=2'],
  // The first KiB of memory is the far end of the stack: no pointer gets there by running over from the end of all memory. And what was not
  // inlined into its only caller compresses better.
  wasmOpt: ['--low-memory-unused', '--one-caller-inline-max-function-size=10'],
  environment: { RUSTC_BOOTSTRAP: '1' },
};
const ordinary = { cargo: [], rustc: [], wasmOpt: [], environment: {} };

/**
 * Builds all that a stack needs. What is up to date is skipped. The wasm and the native programs are built side by side: what makes a wasm
 * small uses one core only, and they share no folder that cargo would lock.
 * @param {{ fast?: boolean, wasm?: boolean, native?: boolean, tests?: boolean }} [options] `tests`: the native tests too, and the lying gateway
 */
export async function build({ fast = false, wasm = true, native = true, tests = false } = {}) {
  const builds = await Promise.allSettled([...(wasm ? [buildWasm(fast)] : []), ...(native ? [buildNative(tests)] : [])]);
  for (const one of builds) if (one.status === 'rejected') throw one.reason;
}

/**
 * Where a native program lies after `build`.
 * @param {string} name
 */
export function nativeProgram(name) {
  return join(cargoTarget, 'debug', name);
}

/** Whether the wasm that are there are the ones that would be shipped. */
export function isBuiltForShipping() {
  return wasmCrates.every(({ name }) => {
    const stamp = join(generatedFolder, `${name}.inputs`);
    return existsSync(stamp) && readFileSync(stamp, 'utf8').startsWith('wasm ');
  });
}

/** @param {boolean} fast */
async function buildWasm(fast) {
  const profile = fast ? 'wasm-dev' : 'wasm';
  for (const { folder, name, panics } of wasmCrates) await buildWasmCrate(join(root, folder), name, generatedFolder, profile, panics);
}

/**
 * Builds one crate into `<name>.js` and `<name>_bg.wasm`, unless they are there and nothing has changed.
 * @param {string} crate its folder
 * @param {string} name
 * @param {string} output folder
 * @param {string} profile of cargo
 * @param {'told' | 'trap'} [panics] whether a panic of what is shipped says what happened, or only ends the instance, as by default
 */
export async function buildWasmCrate(crate, name, output, profile, panics = 'trap') {
  const special = profile === 'wasm' && panics === 'trap' ? trapping : ordinary;
  const inputs = hashOfInputs(crate, profile, JSON.stringify([special, optimizations]));
  const stamp = join(output, `${name}.inputs`);
  const isBuilt = existsSync(join(output, `${name}_bg.wasm`)) && existsSync(stamp);
  if (isBuilt && readFileSync(stamp, 'utf8') === inputs) return;
  const startedAt = performance.now();
  progress(`Building ${name} for the browser (profile ${profile}) …`);
  mkdirSync(output, { recursive: true });
  await run('wasm-pack', ['build', crate, '--target', 'web', '--mode', 'no-install', '--no-opt', '--no-pack', '--no-gitignore',
    '--profile', profile, '--out-dir', output, '--out-name', name, '--', '--locked', ...special.cargo, '--config', rustcFlags(special.rustc)],
    { quiet: true, environment: special.environment });
  if (profile === 'wasm') await optimize(join(output, `${name}_bg.wasm`), special.wasmOpt);
  writeFileSync(stamp, inputs);
  progress(`${name} is built (${duration(performance.now() - startedAt)})`);
}

/**
 * Makes a wasm smaller in place: names go, and what LLVM left. Some 10 s for the core, a minute for the swarm.
 * @param {string} file
 * @param {string[]} flags further ones
 */
async function optimize(file, flags) {
  const program = join(root, 'node_modules', 'binaryen', 'bin', 'wasm-opt');
  await run(process.execPath, [program, ...flags, ...optimizations, file, '-o', file], { quiet: true });
}

/**
 * Cargo's configuration that adds these flags to its own, and keeps this machine's paths out of the texts of panics: they cost bytes, and are
 * nobody's business.
 * @param {string[]} flags
 */
function rustcFlags(flags) {
  const shortPaths = cargoRegistries().map((folder) => `--remap-path-prefix=${folder}/=`);
  return `target.wasm32-unknown-unknown.rustflags=${JSON.stringify([...flags, ...shortPaths])}`;
}

/**
 * Cargo itself knows what is up to date. The `dev` profile optimizes dependencies, which do the heavy work; programs and tests are built
 * in one go, because apart they would ask for other features of their dependencies, and those would be compiled twice.
 * @param {boolean} tests
 */
async function buildNative(tests) {
  const startedAt = performance.now();
  const what = tests ? 'gateways and native tests' : 'gateway';
  progress(`Building the ${what} …`);
  await run('cargo', ['build', '--locked', '--bins', ...(tests ? ['--workspace', '--tests'] : ['-p', 'lampyris-gateway'])], { quiet: true });
  progress(`Built the ${what} (${duration(performance.now() - startedAt)})`);
}

/**
 * The profile and a fingerprint of everything that a wasm is made from: how, itself and the crates that it depends on.
 * @param {string} crate
 * @param {string} profile
 * @param {string} flags
 */
function hashOfInputs(crate, profile, flags) {
  const hash = createHash('sha256').update(flags);
  const shared = ['Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', '.cargo/config.toml'].map((file) => join(root, file));
  for (const file of [...shared, ...[...cratesBelow(crate)].sort().flatMap(sourceFiles)]) {
    if (existsSync(file)) hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
  }
  return `${profile} ${hash.digest('hex')}`;
}

/**
 * A crate and those of the workspace that it depends on, by their manifests.
 * @param {string} crate
 * @param {Set<string>} [found]
 */
function cratesBelow(crate, found = new Set()) {
  if (found.has(crate)) return found;
  found.add(crate);
  const places = new Map([...readFileSync(join(root, 'Cargo.toml'), 'utf8').matchAll(/^(lampyris-[\w-]+) = \{ path = "([^"]+)"/gm)]
    .map(([, name, path]) => /** @type {[string, string]} */ ([name, path])));
  for (const [, name] of readFileSync(join(crate, 'Cargo.toml'), 'utf8').matchAll(/^(lampyris-[\w-]+)(?:\.workspace)? = /gm)) {
    const path = places.get(name ?? '');
    if (path !== undefined) cratesBelow(join(root, path), found);
  }
  return found;
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function sourceFiles(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .filter(({ name }) => !['tests', 'target'].includes(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return sourceFiles(path);
      return /\.(rs|toml|c|h|json)$/.test(entry.name) ? [path] : [];
    });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async () => {
    const { values } = parseArgs({
      options: { fast: { type: 'boolean' }, wasm: { type: 'boolean' }, native: { type: 'boolean' }, help: { type: 'boolean' } },
    });
    if (values.help) return console.log(help);
    await ensureSetup();
    const all = !values.wasm && !values.native;
    await build({ fast: values.fast, wasm: all || values.wasm === true, native: all || values.native === true, tests: values.native === true });
  });
}
