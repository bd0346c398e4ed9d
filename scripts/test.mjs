/**
 * All checks and tests, one after the other; a failure does not stop the rest.
 */

import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { cargoTarget, root } from './library/paths.mjs';
import { PlainError, bold, duration, green, heading, progress, red, runMain, table } from './library/report.mjs';
import { runToEnd } from './library/run.mjs';
import { ensureSetup } from './setup.mjs';

const groups = /** @type {const} */ (['lint', 'rust', 'js', 'browser']);

const help = `Usage: npm test [-- options] [-- FILE…]

Sets up, builds, then runs every check and test.

  --only GROUP   one of ${groups.join(', ')}; may be given several times
  --fast         builds the wasm quickly and large
  --help         this text
  FILE           only these *.test.mjs and *.spec.mjs`;

/** A step that takes longer than this hangs. */
const stepTimeoutMs = 20 * 60_000;

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

/** Other projects' peers, in a workspace of their own that shares what is built. */
const interop = ['--manifest-path', join(root, 'tests', 'interop', 'Cargo.toml')];
const interopBuild = [...interop, '--target-dir', cargoTarget];

/**
 * @typedef {{ passed: number, failed: number }} Counts
 * @typedef {{ name: string, group: typeof groups[number] | 'build', run: () => Promise<Counts> }} Step
 * @typedef {{ name: string, counts: Counts, tookMs: number, load: number }} Result `load` of the machine meanwhile, 0 to 1
 */

await runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string', multiple: true }, fast: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) return console.log(help);
  const wanted = wantedGroups(values.only ?? (positionals.length > 0 ? ['js', 'browser'] : []));
  const startedAt = performance.now();
  const results = [await timed('Set-up', async () => {
    await ensureSetup();
    return { passed: 1, failed: 0 };
  })];
  if (results.some(({ counts }) => counts.failed > 0)) return 1;
  for (const step of steps(positionals, values.fast ?? false, wanted.includes('rust') || wanted.includes('browser'))) {
    if (step.group === 'build' ? wanted.includes('js') || wanted.includes('browser') : wanted.includes(step.group)) {
      heading(step.name);
      results.push(await timed(step.name, step.run));
    }
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
 * @returns {Step[]}
 */
function steps(files, fast, wantsNative) {
  const wasmCrates = ['-p', 'lampyris-core-wasm', '-p', 'lampyris-net-wasm'];
  return [
    check('lint', 'Format of Rust', 'cargo', ['fmt', '--all', '--check', '--', '--color', 'never']),
    check('lint', 'Format of Rust, interop', 'cargo', ['fmt', ...interop, '--all', '--check', '--', '--color', 'never']),
    {
      name: 'Build',
      group: 'build',
      run: async () => {
        await build({ fast, native: wantsNative, tests: true });
        return { passed: 1, failed: 0 };
      },
    },
    check('lint', 'Types of page and package', join(root, 'node_modules', '.bin', 'tsc'), ['--project', '.']),
    check('lint', 'Types of scripts', join(root, 'node_modules', '.bin', 'tsc'), ['--project', 'scripts']),
    check('lint', 'Clippy, native', 'cargo', ['clippy', '--workspace', '--all-targets', '--locked', '--keep-going', '--', '-D', 'warnings']),
    check('lint', 'Clippy, wasm', 'cargo', ['clippy', '--target', 'wasm32-unknown-unknown', ...wasmCrates, '--locked', '--keep-going', '--', '-D', 'warnings']),
    check('lint', 'Clippy, interop', 'cargo', ['clippy', ...interopBuild, '--all-targets', '--locked', '--keep-going', '--', '-D', 'warnings']),
    check('lint', 'Documentation of Rust', 'cargo', ['doc', '--workspace', '--no-deps', '--locked', '--keep-going'], { RUSTDOCFLAGS: '-D warnings' }),
    check('lint', 'The core without an operating system', 'cargo',
      ['check', '-p', 'lampyris-verify', '--target', 'thumbv7m-none-eabi', '--no-default-features', '--locked'], crossEnvironment),
    { name: 'Rust tests', group: 'rust', run: () => rustTests(['--workspace']) },
    { name: 'Rust tests, interop', group: 'rust', run: () => rustTests([...interopBuild, '-p', 'lampyris-interop']) },
    { name: 'Rust tests on wasm32', group: 'rust', run: () => rustTests([...onNode, ...portableTests], crossEnvironment) },
    { name: 'Node tests', group: 'js', run: () => nodeTests(chosen(files, '.test.mjs', ['scripts', 'tests', 'bench'])) },
    ...Object.entries(browsers).flatMap(([name, flags]) => chosen(files, '.spec.mjs', ['tests/browser']).map((file) => /** @type {Step} */ ({
      name: `${name}: ${relative(join(root, 'tests', 'browser'), file)}`,
      group: 'browser',
      run: () => nodeTests([file], { CHROMIUM_FLAGS: flags }),
    }))),
  ];
}

/**
 * A check counts as one test.
 * @param {Step['group']} group
 * @param {string} name
 * @param {string} program
 * @param {string[]} programArguments
 * @param {Record<string, string>} [environment]
 * @returns {Step}
 */
function check(group, name, program, programArguments, environment) {
  return {
    name,
    group,
    run: async () => {
      const { code, output } = await runToEnd(program, programArguments, { quiet: true, environment, timeoutMs: stepTimeoutMs });
      if (code !== 0) console.log(output);
      return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
    },
  };
}

/**
 * @param {string[]} which
 * @param {Record<string, string>} [environment]
 * @returns {Promise<Counts>}
 */
async function rustTests(which, environment) {
  const counts = { passed: 0, failed: 0 };
  const { code } = await runToEnd('cargo', ['test', '--no-fail-fast', '--locked', ...which], {
    timeoutMs: 2 * stepTimeoutMs,
    environment,
    onLine: (line) => {
      const [, passed, failed] = line.match(/^test result: .*?(\d+) passed; (\d+) failed;/) ?? [];
      counts.passed += Number(passed ?? 0);
      counts.failed += Number(failed ?? 0);
    },
  });
  return blamed(counts, code);
}

/**
 * @param {string[]} files
 * @param {Record<string, string>} [environment]
 * @returns {Promise<Counts>}
 */
async function nodeTests(files, environment) {
  if (files.length === 0) return { passed: 0, failed: 0 };
  const folder = mkdtempSync(join(tmpdir(), 'lampyris-test-'));
  const report = join(folder, 'counts.json');
  try {
    const { code } = await runToEnd(process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=spec', '--test-reporter-destination=stdout',
      `--test-reporter=${join(root, 'scripts', 'library', 'count-reporter.mjs')}`, `--test-reporter-destination=${report}`, ...files],
      { timeoutMs: stepTimeoutMs, environment });
    const counts = existsSync(report) ? readFileSync(report, 'utf8') : '';
    return blamed(counts === '' ? { passed: 0, failed: 0 } : JSON.parse(counts), code);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * A runner that fails without a failed test (it did not compile, it crashed) counts as one failure.
 * @param {Counts} counts
 * @param {number} code
 * @returns {Counts}
 */
function blamed(counts, code) {
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
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
 * @param {string} name
 * @param {() => Promise<Counts>} work
 * @returns {Promise<Result>}
 */
async function timed(name, work) {
  const startedAt = performance.now();
  const cpuBefore = cpuTime();
  let counts = { passed: 0, failed: 1 };
  try {
    counts = await work();
  } catch (error) {
    console.error(red(error instanceof PlainError ? error.message : String(error instanceof Error ? error.stack : error)));
  }
  const tookMs = performance.now() - startedAt;
  const cpuAfter = cpuTime();
  const load = 1 - (cpuAfter.idle - cpuBefore.idle) / Math.max(1, cpuAfter.all - cpuBefore.all);
  progress(`${name}: ${counts.failed === 0 ? green('ok') : red('FAILED')} (${duration(tookMs)}, processors ${percent(load)} busy)`);
  return { name, counts, tookMs, load };
}

/** What this machine's processors have done since it started, in ms. */
function cpuTime() {
  const times = cpus().map((cpu) => cpu.times);
  return {
    idle: times.reduce((sum, { idle }) => sum + idle, 0),
    all: times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0),
  };
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
  const rows = results.map(({ name, counts, tookMs, load }) => [name, String(counts.passed), String(counts.failed), duration(tookMs), percent(load)]);
  const passed = results.reduce((sum, { counts }) => sum + counts.passed, 0);
  const failed = results.reduce((sum, { counts }) => sum + counts.failed, 0);
  table(['step', 'passed', 'failed', 'took', 'busy'], [...rows, ['all', String(passed), String(failed), duration(tookMs), '']]);
  for (const { name, counts } of results) if (counts.failed > 0) console.log(red(`failed: ${name}`));
  console.log(`\n${bold(`${passed} passed, ${failed} failed`)}`);
  return failed === 0 ? 0 : 1;
}
