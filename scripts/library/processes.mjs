/** Long-running programs: started with a log, recorded, and ended by their process id, even by the next run after a crash. */

import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { runFolder, toolEnvironment } from './paths.mjs';
import { PlainError } from './report.mjs';

/** How long a program may take to end by itself before it is killed. */
const endTimeoutMs = 5_000;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/**
 * @typedef {object} LongRunning
 * @property {number} pid
 * @property {Promise<string>} exited settles with why, as soon as the program has ended
 * @property {(signal: NodeJS.Signals) => void} signal
 * @property {() => Promise<void>} stop ends it gently, then by force
 */

/**
 * Starts a program whose output goes to a file.
 * @param {string} program its path
 * @param {string[]} programArguments
 * @param {string} log path of the file; the lines of an earlier run stay
 * @returns {LongRunning}
 */
export function startLongRunning(program, programArguments, log) {
  mkdirSync(dirname(log), { recursive: true });
  const file = openSync(log, 'a');
  const child = spawn(program, programArguments, { stdio: ['ignore', file, file], env: toolEnvironment });
  closeSync(file);
  running.add(child);
  /** @type {Promise<string>} */
  const exited = new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  exited.then(() => running.delete(child));
  if (child.pid === undefined) throw new PlainError(`${program} could not be started. Is it built?`);
  const record = recordProcess(child.pid, program);
  exited.then(() => rmSync(record, { force: true }));
  return {
    pid: child.pid,
    exited,
    signal: (signal) => void child.kill(signal),
    stop: async () => {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), endTimeoutMs);
      await exited;
      clearTimeout(force);
    },
  };
}

const recordsFolder = join(runFolder, 'processes');

/** @param {number} pid @param {string} program */
function recordProcess(pid, program) {
  mkdirSync(recordsFolder, { recursive: true });
  const record = join(recordsFolder, `${pid}.json`);
  writeFileSync(record, JSON.stringify({ pid, program, owner: process.pid }));
  return record;
}

/** Ends programs that an earlier run left behind: their owner is gone, and the process id still runs the recorded program. */
export function endLeftovers() {
  if (!existsSync(recordsFolder)) return;
  for (const name of readdirSync(recordsFolder)) {
    const record = join(recordsFolder, name);
    try {
      const { pid, program, owner } = JSON.parse(readFileSync(record, 'utf8'));
      if (commandOf(owner) !== null) continue;
      if (commandOf(pid)?.includes(basename(program))) process.kill(pid, 'SIGKILL');
    } catch {
      // Another run tidied up at the same time, or was cut off while it wrote the record.
    }
    rmSync(record, { force: true });
  }
}

/**
 * What a process id runs, or null if nothing. Linux says it in a file; elsewhere `ps` is asked.
 * @param {number} pid
 */
function commandOf(pid) {
  try {
    if (existsSync('/proc/self/cmdline')) return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || null;
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}

/**
 * Waits until a condition gives a value.
 * @template T
 * @param {string} what for the message when it never does
 * @param {number} timeoutMs
 * @param {() => T | null | undefined | Promise<T | null | undefined>} condition
 * @returns {Promise<T>}
 */
export async function waitFor(what, timeoutMs, condition) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value !== null && value !== undefined) return value;
    if (performance.now() > deadline) throw new PlainError(`${what}: nothing after ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
