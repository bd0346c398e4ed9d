/**
 * All checks and tests, stage by stage; a failure does not stop the rest.
 *
 * What mostly waits runs beside what computes, two steps at a time; what takes the whole machine, or measures what was promised in
 * seconds, runs alone.
 */

import { existsSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { cargoTarget, root } from './library/paths.mjs';
import { PlainError, bold, duration, green, heading, progress, red, runMain, table } from './library/report.mjs';
import { runCheck, runNodeTests, runRustTests } from './library/test-runs.mjs';
import { ensureSetup } from './setup.mjs';

const groups = /** @type {const} */ (['lint', 'rust', 'js', 'browser']);

const help = `Usage: npm test [-- options] [-- FILE…]

Sets up, builds, then runs every check and test.

  --only GROUP   one of ${groups.join(', ')}; may be given several times
  --fast         builds the wasm quickly and large
  --help         this text
  FILE           only these *.test.mjs and *.spec.mjs`;

/**
 * The pure crates' tests, which run on a 32-bit target unchanged: other overflows, other layouts. There a panic ends the
 * program, so that the runner of all vectors, which goes on after a broken case, stays native.
 */
const portableTests = [
  ...['verify', 'wire', 'bls', 'hash'].flatMap((crate) => ['-p', `lampyris-${crate}`]),
  '--lib', ...['suite', 'complete', 'batch', 'hashes'].flatMap((suite) => ['--test', suite]), '--', '--skip', 'every_vector',
];

/** For targets that are not this machine: clang compiles the C in dependencies, Node runs WASI programs. */
const crossEnvironment = {
  CC_thumbv7m_none_eabi: 'clang',
  CC_wasm32_wasip1: 'clang',
  AR_wasm32_wasip1: 'llvm-ar',
};
/** V8's quick calls crash Node's WASI (20.20) when the program's memory has grown: they end in a segmentation fault. */
const nodeRunner = [process.execPath, '--no-warnings', '--no-turbo-fast-api-calls', join(root, 'scripts', 'library', 'wasi-runner.mjs')];
const onNode = ['--target', 'wasm32-wasip1', '--config', `target.wasm32-wasip1.runner=${JSON.stringify(nodeRunner)}`];

/** Chromium as it is, and as it is about to be: it will refuse changed session descriptions, on which version 1 of webrtc-direct relies. */
const browsers = {
  Browser: '',
  'Browser that refuses changed descriptions': '--force-fieldtrials=WebRTC-NoSdpMangleUfrag/Enabled/',
};

/** Browser tests that need the machine for themselves. */
const aloneSpecs = ['leader.spec.mjs', 'liar.spec.mjs', 'survival.spec.mjs', 'swarm.spec.mjs'];

/** How many steps of a stage run at once, where they may. */
const besideEachOther = 2;

/** Other projects' peers, in a workspace of their own that shares what is built. */
const interop = ['--manifest-path', join(root, 'tests', 'interop', 'Cargo.toml')];
const interopBuild = [...interop, '--target-dir', cargoTarget];

/**
 * @typedef {import('./library/test-runs.mjs').Outcome} Outcome
 * @typedef {{ name: string, group: typeof groups[number] | 'build', run: () => Promise<Outcome> }} Step
 * @typedef {{ name: string, passed: number, failed: number, tookMs: number }} Result
 */

await runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string', multiple: true }, fast: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) return console.log(help);
  const wanted = wantedGroups(values.only ?? (positionals.length > 0 ? ['js', 'browser'] : []));
  const startedAt = performance.now();
  const results = [await timed(work('Set-up', 'build', ensureSetup))];
  if (results.some(({ failed }) => failed > 0)) return 1;
  const isWanted = (/** @type {Step} */ { group }) =>
    (group === 'build' ? wanted.includes('js') || wanted.includes('browser') : wanted.includes(group));
  for (const { atOnce, steps } of stages(positionals, values.fast ?? false, wanted.includes('rust') || wanted.includes('browser'))) {
    const before = cpuTime();
    const startedStageAt = performance.now();
    const done = await runAll(steps.filter(isWanted), atOnce);
    results.push(...done);
    if (done.length > 1) progress(`${done.length} steps took ${duration(performance.now() - startedStageAt)}, the processors ${percent(load(before))} busy`);
  }
  return summary(results, performance.now() - startedAt);
});

/** @param {string[]} only */
function wantedGroups(only) {
  const unknown = only.find((name) => !groups.some((group) => group === name));
  if (unknown !== undefined) throw new PlainError(`--only knows ${groups.join(', ')}, not "${unknown}".`);
  return only.length === 0 ? [...groups] : only;
}

/**
 * @param {string[]} files
 * @param {boolean} fast
 * @param {boolean} wantsNative
 * @returns {{ atOnce: number, steps: Step[] }[]}
 */
function stages(files, fast, wantsNative) {
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  const wasmCrates = ['-p', 'lampyris-core-wasm', '-p', 'lampyris-net-wasm'];
  const clippy = ['--locked', '--keep-going', '--', '-D', 'warnings'];
  const specs = chosen(files, '.spec.mjs', ['tests/browser']);
  const needsAll = (/** @type {string} */ file) => aloneSpecs.includes(basename(file));
  return [
    {
      atOnce: 1,
      steps: [
        check('Format of Rust', 'cargo', ['fmt', '--all', '--check', '--', '--color', 'never']),
        check('Format of Rust, interop', 'cargo', ['fmt', ...interop, '--all', '--check', '--', '--color', 'never']),
        work('Build', 'build', () => build({ fast, native: wantsNative, tests: true })),
        check('Types of page and package', tsc, ['--project', '.']),
        check('Types of scripts', tsc, ['--project', 'scripts']),
      ],
    },
    {
      atOnce: besideEachOther,
      steps: [
        { name: 'Rust tests', group: 'rust', run: () => runRustTests(['--workspace']) },
        check('Clippy, native', 'cargo', ['clippy', '--workspace', '--all-targets', ...clippy]),
        check('Clippy, wasm', 'cargo', ['clippy', '--target', 'wasm32-unknown-unknown', ...wasmCrates, ...clippy]),
        check('Clippy, interop', 'cargo', ['clippy', ...interopBuild, '--all-targets', ...clippy]),
        check('Documentation of Rust', 'cargo', ['doc', '--workspace', '--no-deps', '--locked', '--keep-going'], { RUSTDOCFLAGS: '-D warnings' }),
        check('The core without an operating system', 'cargo',
          ['check', '-p', 'lampyris-verify', '--target', 'thumbv7m-none-eabi', '--no-default-features', '--locked'], crossEnvironment),
        { name: 'Rust tests, interop', group: 'rust', run: () => runRustTests([...interopBuild, '-p', 'lampyris-interop'], { yielding: true }) },
        { name: 'Node tests', group: 'js', run: () => runNodeTests(chosen(files, '.test.mjs', ['scripts', 'tests', 'bench'])) },
        { name: 'Rust tests on wasm32', group: 'rust', run: () => runRustTests([...onNode, ...portableTests], { environment: crossEnvironment, yielding: true }) },
      ],
    },
    { atOnce: besideEachOther, steps: inBrowsers(specs.filter((file) => !needsAll(file))) },
    { atOnce: 1, steps: inBrowsers(specs.filter(needsAll)) },
  ];
}

/**
 * Each file in each kind of browser.
 * @param {string[]} specs
 * @returns {Step[]}
 */
function inBrowsers(specs) {
  return Object.entries(browsers).flatMap(([name, flags]) => specs.map((file) => /** @type {Step} */ ({
    name: `${name}: ${relative(join(root, 'tests', 'browser'), file)}`,
    group: 'browser',
    run: () => runNodeTests([file], { CHROMIUM_FLAGS: flags }),
  })));
}

/**
 * @param {string} name
 * @param {string} program
 * @param {string[]} programArguments
 * @param {Record<string, string>} [environment]
 * @returns {Step}
 */
function check(name, program, programArguments, environment) {
  return { name, group: 'lint', run: () => runCheck(program, programArguments, environment) };
}

/**
 * What must only succeed.
 * @param {string} name
 * @param {Step['group']} group
 * @param {() => Promise<void>} run
 * @returns {Step}
 */
function work(name, group, run) {
  return { name, group, run: () => run().then(() => ({ passed: 1, failed: 0, output: '' })) };
}

/**
 * Runs steps in their order, so many at a time.
 * @param {Step[]} steps
 * @param {number} atOnce
 * @returns {Promise<Result[]>} in the same order
 */
async function runAll(steps, atOnce) {
  /** @type {Result[]} */
  const results = [];
  let next = 0;
  const runNext = async () => {
    for (let index = next; index < steps.length; index = next) {
      next += 1;
      results[index] = await timed(/** @type {Step} */ (steps[index]));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runNext));
  return results;
}

/**
 * The test files of these folders, or those of them that were asked for.
 * @param {string[]} files
 * @param {string} ending
 * @param {string[]} folders
 */
function chosen(files, ending, folders) {
  const asked = files.map((file) => join(root, relative(root, file)));
  return folders.flatMap((folder) => filesBelow(join(root, folder), ending)).filter((file) => asked.length === 0 || asked.includes(file)).sort();
}

/**
 * @param {string} folder
 * @param {string} ending
 * @returns {string[]}
 */
function filesBelow(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['node_modules', 'vectors', 'run'].includes(entry.name) ? [] : filesBelow(path, ending);
    return entry.name.endsWith(ending) ? [path] : [];
  });
}

/**
 * Runs a step, and shows what it printed when it is done.
 * @param {Step} step
 * @returns {Promise<Result>}
 */
async function timed({ name, run }) {
  const startedAt = performance.now();
  progress(`${name} …`);
  let outcome = { passed: 0, failed: 1, output: '' };
  try {
    outcome = await run();
  } catch (error) {
    outcome.output = red(error instanceof PlainError ? error.message : String(error instanceof Error ? error.stack : error));
  }
  const { passed, failed, output } = outcome;
  const tookMs = performance.now() - startedAt;
  if (output.trim() !== '') {
    heading(name);
    console.log(output.trimEnd());
  }
  progress(`${name}: ${failed === 0 ? green('ok') : red('FAILED')} (${duration(tookMs)})`);
  return { name, passed, failed, tookMs };
}

/** What this machine's processors have done since it started, in ms. */
function cpuTime() {
  const times = cpus().map((cpu) => cpu.times);
  return {
    idle: times.reduce((sum, { idle }) => sum + idle, 0),
    all: times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0),
  };
}

/**
 * How busy the processors have been since then, 0 to 1.
 * @param {{ idle: number, all: number }} before
 */
function load(before) {
  const now = cpuTime();
  return 1 - (now.idle - before.idle) / Math.max(1, now.all - before.all);
}

/** @param {number} share */
function percent(share) {
  return `${Math.round(100 * share)} %`;
}

/**
 * @param {Result[]} results
 * @param {number} tookMs
 * @returns {number} the exit code
 */
function summary(results, tookMs) {
  heading('Summary');
  const rows = results.map(({ name, passed, failed, tookMs }) => [name, String(passed), String(failed), duration(tookMs)]);
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  table(['step', 'passed', 'failed', 'took'], [...rows, ['all', String(passed), String(failed), duration(tookMs)]]);
  for (const { name, failed } of results) if (failed > 0) console.log(red(`failed: ${name}`));
  console.log(`\n${bold(`${passed} passed, ${failed} failed`)}`);
  return failed === 0 ? 0 : 1;
}
