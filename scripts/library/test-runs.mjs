/** The runs of which a test step consists: a check, Rust's tests, Node's tests. Each gives how many passed and failed, and what it printed. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { runToEnd } from './run.mjs';

/** What takes longer than this hangs. */
const timeoutMs = 20 * 60_000;

/**
 * @typedef {{ passed: number, failed: number }} Counts
 * @typedef {Counts & { output: string }} Outcome
 */

/**
 * What only computes: it counts as one test, and leaves the processor to whatever measures time beside it. Its output is of interest when it fails.
 * @param {string} program
 * @param {string[]} programArguments
 * @param {Record<string, string>} [environment]
 * @returns {Promise<Outcome>}
 */
export async function runCheck(program, programArguments, environment) {
  const { code, output } = await runToEnd(program, programArguments, { quiet: true, yielding: true, environment, timeoutMs });
  return code === 0 ? { passed: 1, failed: 0, output: '' } : { passed: 0, failed: 1, output };
}

/**
 * @param {string[]} which
 * @param {{ environment?: Record<string, string>, yielding?: boolean }} [options]
 * @returns {Promise<Outcome>}
 */
export async function runRustTests(which, options = {}) {
  const counts = { passed: 0, failed: 0 };
  const { code, output } = await runToEnd('cargo', ['test', '--no-fail-fast', '--locked', ...which], {
    ...options,
    quiet: true,
    timeoutMs: 2 * timeoutMs,
    onLine: (line) => {
      const [, passed, failed] = line.match(/^test result: .*?(\d+) passed; (\d+) failed;/) ?? [];
      counts.passed += Number(passed ?? 0);
      counts.failed += Number(failed ?? 0);
    },
  });
  return { ...blamed(counts, code), output };
}

/**
 * @param {string[]} files
 * @param {Record<string, string>} [environment]
 * @returns {Promise<Outcome>}
 */
export async function runNodeTests(files, environment) {
  if (files.length === 0) return { passed: 0, failed: 0, output: '' };
  const folder = mkdtempSync(join(tmpdir(), 'lampyris-test-'));
  const report = join(folder, 'counts.json');
  try {
    const { code, output } = await runToEnd(process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=spec', '--test-reporter-destination=stdout',
      `--test-reporter=${join(root, 'scripts', 'library', 'count-reporter.mjs')}`, `--test-reporter-destination=${report}`, ...files],
      { quiet: true, timeoutMs, environment });
    const counts = existsSync(report) ? readFileSync(report, 'utf8') : '';
    return { ...blamed(counts === '' ? { passed: 0, failed: 0 } : JSON.parse(counts), code), output };
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
