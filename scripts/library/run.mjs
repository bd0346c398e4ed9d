/** Runs other programs. */

import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { root, toolEnvironment } from './paths.mjs';
import { PlainError, progress } from './report.mjs';

/** Of a program that leaves the processor to others: with it there is time for them, and it still gets what they do not use. */
const yieldingPriority = 10;

/** How often a quiet program that takes long shows what it is at. */
const quietNewsEveryMs = 20_000;

/**
 * @typedef {object} RunOptions
 * @property {string} [directory] where to run; the repository by default
 * @property {Record<string, string>} [environment] added to the tools' environment
 * @property {(line: string) => void} [onLine] sees each line of output
 * @property {number} [timeoutMs] kills the program after this time
 * @property {boolean} [quiet] shows only its latest line now and then, and everything when it fails
 * @property {boolean} [yielding] leaves the processor to others
 */

/**
 * Runs a program to its end and shows its output as it comes.
 * @param {string} program
 * @param {string[]} programArguments
 * @param {RunOptions} [options]
 * @returns {Promise<{ code: number, output: string }>} output is kept only of quiet programs
 */
export function runToEnd(program, programArguments, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, programArguments, {
      cwd: options.directory ?? root,
      env: { ...toolEnvironment, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (options.yielding && child.pid !== undefined) yieldProcessor(child.pid);
    let output = '';
    const news = setInterval(() => {
      const latest = output.trimEnd().split('\n').at(-1)?.trim();
      if (options.quiet && latest) progress(`  … ${latest.slice(0, 100)}`);
    }, quietNewsEveryMs);
    for (const [from, to] of /** @type {const} */ ([[child.stdout, process.stdout], [child.stderr, process.stderr]])) {
      let rest = '';
      from.setEncoding('utf8');
      from.on('data', (text) => {
        if (options.quiet) output += text;
        else to.write(text);
        if (options.onLine === undefined) return;
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        lines.forEach(options.onLine);
      });
      from.on('end', () => rest !== '' && options.onLine?.(rest));
    }
    const timeout = options.timeoutMs === undefined ? undefined : setTimeout(() => {
      console.error(`${program} did not end within ${(options.timeoutMs ?? 0) / 1000} s and is killed`);
      child.kill('SIGKILL');
    }, options.timeoutMs);
    child.on('error', (error) => {
      clearInterval(news);
      clearTimeout(timeout);
      reject(new PlainError(`${program} could not be started: ${error.message}`));
    });
    child.on('close', (code, signal) => {
      clearInterval(news);
      clearTimeout(timeout);
      resolve({ code: code ?? (signal === null ? 1 : 128), output });
    });
  });
}

/** @param {number} pid of a program just started, whose own programs follow it */
function yieldProcessor(pid) {
  try {
    setPriority(pid, yieldingPriority);
  } catch {
    // It has ended already.
  }
}

/**
 * Runs a program that must succeed.
 * @param {string} program
 * @param {string[]} programArguments
 * @param {RunOptions} [options]
 */
export async function run(program, programArguments, options = {}) {
  const { code, output } = await runToEnd(program, programArguments, options);
  if (code !== 0) throw new PlainError(`${output}\n${program} ${programArguments.join(' ')}\nended with exit code ${code}`);
  return output;
}
