import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './library/paths.mjs';

/** Nobody should notice the set-up when there is nothing to do. */
const idleMsMax = 2_000;

test('set-up with nothing to do is quick and installs nothing', () => {
  const startedAt = performance.now();
  const output = execFileSync(process.execPath, [join(root, 'scripts', 'setup.mjs')], { encoding: 'utf8' });
  const took = performance.now() - startedAt;
  assert.doesNotMatch(output, /installing/);
  assert.ok(took < idleMsMax, `it took ${Math.round(took)} ms`);
});

test('set-up names what is missing and changes nothing when it is only asked', () => {
  const output = execFileSync(process.execPath, [join(root, 'scripts', 'setup.mjs'), '--check'], { encoding: 'utf8' });
  assert.equal(output, '');
});

for (const command of ['setup', 'build', 'start', 'test', 'size']) {
  test(`npm run ${command} -- --help says how it is used`, () => {
    const output = execFileSync(process.execPath, [join(root, 'scripts', `${command}.mjs`), '--help'], { encoding: 'utf8' });
    assert.match(output, /^Usage: /);
  });
}
