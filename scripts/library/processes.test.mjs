import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { endLeftovers, startLongRunning, waitFor } from './processes.mjs';

/** @type {string} */
let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'lampyris-processes-'));
});
after(() => rmSync(folder, { recursive: true }));

test('a program that prints and ends leaves a log and a reason', async () => {
  const log = join(folder, 'echo.txt');
  const started = startLongRunning(process.execPath, ['-e', 'console.log("glow"); process.exitCode = 3'], log);
  assert.equal(await started.exited, 'exit code 3');
  assert.equal(readFileSync(log, 'utf8'), 'glow\n');
});

test('a program that ignores the gentle signal is ended by force', { timeout: 20_000 }, async () => {
  const log = join(folder, 'stubborn.txt');
  const started = startLongRunning(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("ready")'], log);
  await waitFor('the stubborn program', 10_000, () => readFileSync(log, 'utf8').includes('ready') || null);
  await started.stop();
  assert.equal(await started.exited, 'signal SIGKILL');
});

test('what a crashed run left behind is ended by the next one', { timeout: 20_000 }, async () => {
  const log = join(folder, 'orphan.txt');
  const module = new URL('./processes.mjs', import.meta.url).href;
  const crashing = spawn(process.execPath, ['--input-type=module', '-e', `
    import { startLongRunning } from ${JSON.stringify(module)};
    const { pid } = startLongRunning(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], ${JSON.stringify(log)});
    console.log(pid);
    setInterval(() => {}, 1000);`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(crashing.stdout, 'data');
  const orphan = Number(String(line));
  crashing.kill('SIGKILL');
  await once(crashing, 'exit');
  assert.doesNotThrow(() => process.kill(orphan, 0), 'it outlives its owner');
  endLeftovers();
  await waitFor('the end of the orphan', 5_000, () => isGone(orphan) || null);
});

/** @param {number} pid */
function isGone(pid) {
  try {
    process.kill(pid, 0);
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}
