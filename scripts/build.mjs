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

/** The wasm by their role. Each becomes `<name>.js` and `<name>_bg.wasm` in `pkg/generated`. */
const wasmCrates = [
  { folder: 'crate/wasm/core', name: 'lampyris_core' },
  { folder: 'crate/wasm/net', name: 'lampyris_net' },
];

/** Of wasm-opt: as small as it can, and only what rustc's own wasm may use too. */
const optimizations = ['-Oz', '--enable-bulk-memory', '--enable-mutable-globals', '--enable-multivalue', '--enable-nontrapping-float-to-int',
  '--enable-reference-types', '--enable-sign-ext', '--enable-simd', '--strip-debug', '--strip-producers', '--strip-target-features'];

/**
 * Builds all that a stack needs. What is up to date is skipped.
 * @param {{ fast?: boolean, wasm?: boolean, native?: boolean, tests?: boolean }} [options] `tests`: the native tests too, and the lying gateway
 */
export async function build({ fast = false, wasm = true, native = true, tests = false } = {}) {
  if (wasm) await buildWasm(fast);
  if (native) await buildNative(tests);
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
  for (const { folder, name } of wasmCrates) await buildWasmCrate(join(root, folder), name, generatedFolder, fast ? 'wasm-dev' : 'wasm');
}

/**
 * Builds one crate into `<name>.js` and `<name>_bg.wasm`, unless they are there and nothing has changed.
 * @param {string} crate its folder
 * @param {string} name
 * @param {string} output folder
 * @param {string} profile of cargo
 */
export async function buildWasmCrate(crate, name, output, profile) {
  const inputs = hashOfInputs(crate, profile);
  const stamp = join(output, `${name}.inputs`);
  const isBuilt = existsSync(join(output, `${name}_bg.wasm`)) && existsSync(stamp);
  if (isBuilt && readFileSync(stamp, 'utf8') === inputs) return;
  const startedAt = performance.now();
  progress(`Building ${name} for the browser (profile ${profile}) …`);
  mkdirSync(output, { recursive: true });
  await run('wasm-pack', ['build', crate, '--target', 'web', '--mode', 'no-install', '--no-opt', '--no-pack', '--no-gitignore',
    '--profile', profile, '--out-dir', output, '--out-name', name, '--', '--locked', '--config', shortPaths()], { quiet: true });
  if (profile === 'wasm') await optimize(join(output, `${name}_bg.wasm`));
  writeFileSync(stamp, inputs);
  progress(`${name} is built (${duration(performance.now() - startedAt)})`);
}

/**
 * Makes a wasm smaller in place: names go, and what LLVM left. Some 10 s for the core, a minute for the swarm.
 * @param {string} file
 */
async function optimize(file) {
  const program = join(root, 'node_modules', 'binaryen', 'bin', 'wasm-opt');
  await run(process.execPath, [program, ...optimizations, file, '-o', file], { quiet: true });
}

/**
 * Cargo's configuration that keeps this machine's paths out of the texts of panics: they cost bytes, and are nobody's business.
 */
function shortPaths() {
  const flags = cargoRegistries().map((folder) => `--remap-path-prefix=${folder}/=`);
  return `target.wasm32-unknown-unknown.rustflags=${JSON.stringify(flags)}`;
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
 * The profile and a fingerprint of everything that a wasm is made from: itself and the crates that it depends on.
 * @param {string} crate
 * @param {string} profile
 */
function hashOfInputs(crate, profile) {
  const hash = createHash('sha256');
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
