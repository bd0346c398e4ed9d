/**
 * Fuzzing: every decoder and every verifier under inputs that are mutated by coverage.
 *
 *     npm run fuzz -- SECONDS [TARGET…]
 */

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { cargoTarget, pinnedRustVersion, root, runFolder } from './library/paths.mjs';
import { PlainError, heading, progress, red, runMain, table } from './library/report.mjs';
import { run, runToEnd } from './library/run.mjs';
import { ensureSetup } from './setup.mjs';

const help = `Usage: npm run fuzz -- SECONDS [TARGET…]

Runs each target, or those that are named, for so many seconds, one after the other. Their seeds are taken
from tests/vectors; what is learnt stays in run/fuzz/TARGET/corpus for the next time. Ends with a table, and
with exit code 1 if anything was found. A finding is kept in run/fuzz/TARGET/findings: fix what it shows and
copy it to tests/fuzz/findings/TARGET, from where the tests run it for ever.

  --list    the targets, and what each attacks
  --again   run the findings in run/fuzz again, instead of looking for new ones
  --fresh   forget the corpus
  --help    this text`;

/**
 * libFuzzer's instrumentation, as cargo-fuzz asks for it; stable Rust understands all of it. Without the
 * address sanitizer, which needs nightly: these crates forbid unsafe code, and a bound on memory finds
 * allocations that a peer could choose.
 */
const instrumentation = [
  '--cfg', 'fuzzing',
  '-Cpasses=sancov-module',
  '-Cllvm-args=-sanitizer-coverage-level=4',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table',
  '-Cllvm-args=-sanitizer-coverage-trace-compares',
  '-Cdebug-assertions',
  '-Coverflow-checks',
  '-Ccodegen-units=4',
];

/** A target that needs more for one input allocates what a peer asks for. */
const memoryMaxMb = 2048;
/** An input that takes longer hangs. */
const inputTimeoutSeconds = 60;
const inputBytesMax = 65_536;

/**
 * @typedef {{ name: string, what: string }} Target
 * @typedef {{ name: string, runs: number, coverage: number, corpus: number, findings: string[] }} Result
 */

await runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: 'boolean' }, again: { type: 'boolean' }, fresh: { type: 'boolean' }, help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(help);
  const [first, ...names] = values.list || values.again ? ['0', ...positionals] : positionals;
  const seconds = Number(first);
  if (!Number.isInteger(seconds) || seconds < 0 || first === undefined) throw new PlainError(help);
  await ensureSetup();
  const all = await targets(values.list ? undefined : join(runFolder, 'fuzz', 'seeds'));
  if (values.list) return table(['target', 'attacks'], all.map(({ name, what }) => [name, what]));
  const unknown = names.find((name) => !all.some((target) => target.name === name));
  if (unknown !== undefined) throw new PlainError(`There is no target "${unknown}"; npm run fuzz -- --list names them.`);
  const program = await buildFuzzer();
  /** @type {Result[]} */
  const results = [];
  for (const target of all.filter(({ name }) => names.length === 0 || names.includes(name))) {
    heading(`${target.name}: ${target.what}`);
    results.push(await fuzz(program, target.name, seconds, values.fresh ?? false, values.again ?? false));
  }
  return summary(results);
});

/**
 * Builds the targets' list, and writes their seeds into a folder.
 * @param {string} [seedsFolder]
 * @returns {Promise<Target[]>}
 */
async function targets(seedsFolder) {
  progress('Building the seeds');
  if (seedsFolder !== undefined) rmSync(seedsFolder, { recursive: true, force: true });
  const output = await run('cargo', ['run', '--quiet', '--locked', '-p', 'lampyris-fuzz', '--bin', 'lampyris-fuzz-seeds',
    '--', ...(seedsFolder === undefined ? [] : [seedsFolder])], { quiet: true });
  const lines = output.split('\n').map((line) => line.match(/^(\w+)\t(.+)$/)).filter((match) => match !== null);
  return lines.map(([, name = '', what = '']) => ({ name, what }));
}

/** @returns {Promise<string>} the path of the fuzzer of all targets */
async function buildFuzzer() {
  const host = (await run('rustc', ['-vV'], { quiet: true })).match(/^host: (.+)$/m)?.[1] ?? '';
  progress(`Building the fuzzer, instrumented, with Rust ${pinnedRustVersion()}`);
  const folder = join(cargoTarget, 'fuzz');
  // The target is named so that the flags hold for it and not for build scripts.
  await run('cargo', ['build', '--release', '--locked', '-p', 'lampyris-fuzz', '--bin', 'lampyris-fuzz', '--features', 'libfuzzer',
    '--target', host, '--target-dir', folder], { quiet: true, environment: { RUSTFLAGS: instrumentation.join(' ') } });
  return join(folder, host, 'release', 'lampyris-fuzz');
}

/**
 * Runs one target.
 * @param {string} program
 * @param {string} name
 * @param {number} seconds
 * @param {boolean} isFresh
 * @param {boolean} isAgain
 * @returns {Promise<Result>}
 */
async function fuzz(program, name, seconds, isFresh, isAgain) {
  const folder = join(runFolder, 'fuzz', name);
  const [corpus, findings] = [join(folder, 'corpus'), join(folder, 'findings')];
  if (isFresh) rmSync(corpus, { recursive: true, force: true });
  for (const needed of [corpus, findings]) mkdirSync(needed, { recursive: true });
  const known = readdirSync(findings);
  const inputs = isAgain ? known.map((file) => join(findings, file)) : [
    `-max_total_time=${Math.max(seconds, 1)}`, `-artifact_prefix=${findings}/`, `-max_len=${inputBytesMax}`,
    '-print_final_stats=1', '-use_value_profile=1', corpus, join(runFolder, 'fuzz', 'seeds', name),
  ];
  let coverage = 0;
  let runs = 0;
  /** @type {string[]} */
  const lines = [];
  const { code } = isAgain && known.length === 0 ? { code: 0 } : await runToEnd('sh', ['-c',
    // A single allocation beyond the bound fails at once, where the shell can bound it.
    `ulimit -v ${memoryMaxMb * 1024} 2>/dev/null; exec "$@"`, 'sh', program,
    `-rss_limit_mb=${memoryMaxMb}`, `-timeout=${inputTimeoutSeconds}`, ...inputs], {
    quiet: true,
    environment: { LAMPYRIS_FUZZ_TARGET: name },
    onLine: (line) => {
      lines.push(line);
      if (lines.length > 60) lines.shift();
      coverage = Number(line.match(/ cov: (\d+) /)?.[1] ?? coverage);
      runs = Number(line.match(/number_of_executed_units: (\d+)/)?.[1] ?? line.match(/^#(\d+)\s/)?.[1] ?? runs);
    },
  });
  const found = readdirSync(findings).filter((file) => isAgain || !known.includes(file)).map((file) => join(findings, file));
  if (code !== 0) {
    console.log(red(lines.join('\n')));
    if (found.length === 0) throw new PlainError(`The fuzzer of ${name} ended with exit code ${code} and kept no input.`);
  }
  const result = { name, runs, coverage, corpus: readdirSync(corpus).length, findings: code === 0 ? [] : found };
  progress(`${name}: ${runs} runs, coverage ${coverage}, corpus ${result.corpus}, findings ${result.findings.length}`);
  return result;
}

/**
 * @param {Result[]} results
 * @returns {number} the exit code
 */
function summary(results) {
  heading('Summary');
  table(['target', 'runs', 'coverage', 'corpus', 'findings'],
    results.map(({ name, runs, coverage, corpus, findings }) => [name, String(runs), String(coverage), String(corpus), String(findings.length)]));
  writeFileSync(join(runFolder, 'fuzz', 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
  const found = results.flatMap(({ findings }) => findings);
  for (const file of found) console.log(red(`found: ${relative(root, file)}`));
  return found.length === 0 ? 0 : 1;
}
