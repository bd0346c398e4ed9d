/** Runs other programs. */

import { spawn } from 'node:child_process';
import { root, toolEnvironment } from './paths.mjs';
import { PlainError, progress } from './report.mjs';

/** How often a quiet program that takes long shows what it is at. */
const quietNewsEveryMs = 20_000;

/**
 * @typedef {object} RunOptions
 * @property {string} [directory] where to run; the repository by default
 * @property {Record<string, string>} [environment] added to the tools' environment
 * @property {(line: string) => void} [onLine] sees each line of output
 * @property {number} [timeoutMs] kills the program after this time
 * @property {boolean} [quiet] shows only its latest line now and then, and everything when it fails
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
