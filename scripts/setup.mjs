/**
 * Set-up: installs what building and testing need and this machine lacks. Nothing to do takes well under a second.
 *
 *     node scripts/setup.mjs [--check] [--help]
 *
 * It uses no npm package, because it is what installs them.
 */

import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findChromium, findProgram, lockedCrateVersion, pinnedRustVersion, root, toolsFolder } from './library/paths.mjs';
import { PlainError, duration, progress, runMain } from './library/report.mjs';
import { run } from './library/run.mjs';

const help = `Usage: node scripts/setup.mjs [--check]

Installs what is missing: the pinned Rust toolchain with its targets, clang, llvm and chromium from
Debian's packages, wasm-bindgen and wasm-pack from crates.io, npm packages by lockfile.

  --check   only says what is missing; exit code 1 if anything is`;

const nodeMajorMin = 20;
/** The page's wasm; a machine without an operating system, and wasm under Node's WASI, which only tests build for. */
const rustTargets = ['wasm32-unknown-unknown', 'thumbv7m-none-eabi', 'wasm32-wasip1'];
/** Of rustup's component rust-src: the core's wasm is built with a standard library of its own, see `build.mjs`. */
const librarySource = 'lib/rustlib/src/rust/library/Cargo.lock';
const wasmPackVersion = '0.15.1';
const toolsBuildFolder = join(toolsFolder, 'build');

/**
 * @typedef {object} Requirement
 * @property {string} what
 * @property {() => boolean} isMet cheap: it is asked at every start
 * @property {() => Promise<void>} install
 */

/** Installs what is missing. Called by every command that needs tools; quick when nothing is. */
export async function ensureSetup() {
  checkNode();
  checkRustup();
  const missing = requirements().filter((requirement) => !requirement.isMet());
  if (missing.length === 0) return;
  progress(`Set-up: missing are ${missing.map(({ what }) => what).join(', ')}`);
  await installSystemPackages();
  for (const requirement of missing) {
    if (requirement.isMet()) continue;
    const startedAt = performance.now();
    progress(`Set-up: installing ${requirement.what} …`);
    await requirement.install();
    if (!requirement.isMet()) throw new PlainError(`Set-up: ${requirement.what} was installed, but is still not found.`);
    progress(`Set-up: ${requirement.what} is ready (${duration(performance.now() - startedAt)})`);
  }
  rmSync(toolsBuildFolder, { recursive: true, force: true });
}

/** @returns {Requirement[]} in the order in which they must be installed */
function requirements() {
  return [...systemPrograms.map(systemRequirement), rustRequirement(), ...cargoToolRequirements(), ...npmRequirements()];
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < nodeMajorMin) {
    throw new PlainError(`Node ${nodeMajorMin} or newer is needed, this is ${process.versions.node}. See https://nodejs.org.`);
  }
}

function checkRustup() {
  if (findProgram('rustup') === null) {
    throw new PlainError('Rust is missing. Install it with rustup, see https://rustup.rs, then run this command again.');
  }
}

/** Programs of the system, with the Debian package of each. */
const systemPrograms = [
  { program: 'cc', packages: ['gcc', 'libc6-dev'], find: () => findProgram('cc'), why: 'links Rust programs' },
  { program: 'make', packages: ['make'], find: () => findProgram('make'), why: 'builds C in Rust dependencies' },
  { program: 'clang', packages: ['clang'], find: () => findProgram('clang'), why: 'compiles blst for the tests on 32 bits' },
  { program: 'llvm-ar', packages: ['llvm'], find: () => findProgram('llvm-ar'), why: 'packs blst for the tests on 32 bits' },
  { program: 'chromium', packages: ['chromium'], find: findChromium, why: 'runs the browser tests' },
];

/**
 * @param {(typeof systemPrograms)[number]} entry
 * @returns {Requirement}
 */
function systemRequirement({ program, find, why }) {
  return {
    what: program,
    isMet: () => find() !== null,
    install: async () => {
      throw new PlainError(`Set-up: ${program} (${why}) is missing and no package brought it.`);
    },
  };
}

/** All missing system packages by one call of apt, or a message that says what to install by hand. */
async function installSystemPackages() {
  const missing = systemPrograms.filter(({ find }) => find() === null);
  if (missing.length === 0) return;
  const packages = missing.flatMap((entry) => entry.packages);
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  const reasons = missing.map(({ program, why }) => `  ${program}: ${why}`).join('\n');
  if (findProgram('apt-get') === null) {
    throw new PlainError(`Set-up: please install these by hand and make sure that they are on PATH:\n${reasons}\n` +
      'On Debian or Ubuntu they come as ' + packages.join(', ') + '; on macOS try: brew install llvm chromium\n' +
      'Another Chromium or Chrome is named by LAMPYRIS_CHROMIUM=/path/to/it.');
  }
  if (process.getuid?.() !== 0) {
    throw new PlainError(`Set-up: these programs are missing:\n${reasons}\nInstall them as root, then run this command again:\n\n  sudo ${command}`);
  }
  progress(`Set-up: installing Debian packages: ${packages.join(', ')} …`);
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-q'], { environment, quiet: true });
  await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], { environment, quiet: true });
}

/** @returns {Requirement} */
function rustRequirement() {
  const version = pinnedRustVersion();
  return {
    what: `Rust ${version} with ${rustTargets.join(', ')}, clippy, rustfmt and rust-src`,
    isMet: () => {
      const toolchain = toolchainFolder(version);
      const parts = ['bin/cargo', 'bin/cargo-clippy', 'bin/rustfmt', librarySource, ...rustTargets.map((target) => `lib/rustlib/${target}/lib`)];
      return toolchain !== null && parts.every((path) => existsSync(join(toolchain, path)));
    },
    install: async () => {
      await run('rustup', ['toolchain', 'install', version, '--profile', 'minimal', '--no-self-update',
        '--component', 'clippy', '--component', 'rustfmt', '--component', 'rust-src', ...rustTargets.flatMap((target) => ['--target', target])], { quiet: true });
    },
  };
}

/** @param {string} version */
function toolchainFolder(version) {
  const toolchains = join(process.env.RUSTUP_HOME ?? join(homedir(), '.rustup'), 'toolchains');
  const name = existsSync(toolchains) ? readdirSync(toolchains).find((entry) => entry.startsWith(`${version}-`)) : undefined;
  return name === undefined ? null : join(toolchains, name);
}

/** @returns {Requirement[]} */
function cargoToolRequirements() {
  const tools = [
    { program: 'wasm-bindgen', crate: 'wasm-bindgen-cli', version: lockedCrateVersion('wasm-bindgen') },
    { program: 'wasm-pack', crate: 'wasm-pack', version: wasmPackVersion },
  ];
  return tools.map(({ program, crate, version }) => ({
    what: `${program} ${version}`,
    isMet: () => programVersion(program) === version,
    install: () => installCrate(crate, program, version),
  }));
}

/** @param {string} program */
function programVersion(program) {
  const file = findProgram(program);
  if (file === null) return null;
  return execFileSync(file, ['--version'], { encoding: 'utf8' }).trim().split(' ').at(-1) ?? null;
}

/**
 * Builds a tool from crates.io; a light optimization halves the time, and the tool runs for seconds only.
 * @param {string} crate @param {string} program @param {string} version
 */
async function installCrate(crate, program, version) {
  await run('cargo', ['install', '--locked', '--root', toolsFolder, '--version', version, crate, '--bin', program], {
    quiet: true,
    environment: {
      CARGO_TARGET_DIR: toolsBuildFolder,
      CARGO_PROFILE_RELEASE_OPT_LEVEL: '1',
      CARGO_PROFILE_RELEASE_LTO: 'off',
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
      RUSTUP_TOOLCHAIN: pinnedRustVersion(),
    },
  });
}

/** @returns {Requirement[]} one for each `package-lock.json` of the repository */
function npmRequirements() {
  return lockfiles(root).map((lockfile) => {
    const folder = dirname(lockfile);
    return {
      what: `npm packages of ${relative(root, folder) || 'the repository'}`,
      isMet: () => holdsLockedPackages(folder),
      install: () => installLockedPackages(folder),
    };
  });
}

/**
 * Installs the npm packages of a folder by its lockfile, unless they are there.
 * @param {string} folder
 */
export async function ensureLockedPackages(folder) {
  if (!holdsLockedPackages(folder)) await installLockedPackages(folder);
}

/** @param {string} folder */
async function installLockedPackages(folder) {
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { directory: folder, quiet: true });
}

/**
 * Whether `node_modules` holds what the lockfile says, by npm's own record of what it installed.
 * @param {string} folder
 */
function holdsLockedPackages(folder) {
  const record = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  /** @param {string} file @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }>} */
  const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
  const installed = packages(record);
  return Object.entries(packages(join(folder, 'package-lock.json'))).every(([path, locked]) => {
    const found = installed[path];
    if (path === '' || (found === undefined && locked.optional)) return true;
    return found !== undefined && found.version === locked.version && found.integrity === locked.integrity;
  });
}

/**
 * The lockfiles in the repository's root and under `tests`.
 * @param {string} folder
 * @returns {string[]}
 */
function lockfiles(folder) {
  const here = existsSync(join(folder, 'package-lock.json')) ? [join(folder, 'package-lock.json')] : [];
  const below = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !['node_modules', 'vectors', 'run'].includes(entry.name) && !entry.name.startsWith('.'))
    .filter((entry) => folder !== root || entry.name === 'tests')
    .flatMap((entry) => lockfiles(join(folder, entry.name)));
  return [...here, ...below];
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async () => {
    if (process.argv.includes('--help')) return console.log(help);
    if (process.argv.includes('--check')) {
      const missing = requirements().filter((requirement) => !requirement.isMet());
      for (const { what } of missing) console.log(`missing: ${what}`);
      return missing.length === 0 ? 0 : 1;
    }
    await ensureSetup();
    progress('Set-up: everything is in place');
  });
}
