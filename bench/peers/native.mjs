/** The native program beside us: it prepares recorded data, and measures the physical limits with blst and OpenSSL's keccak. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { cargoTarget, root, toolEnvironment } from '../../scripts/library/paths.mjs';
import { run } from '../../scripts/library/run.mjs';

/** Builds it; cargo knows whether that is up to date. */
export async function build() {
  await run('cargo', ['build', '--locked', '--release', '-p', 'lampyris-bench-native'], { quiet: true });
}

/** Recorded mainnet data in the form in which our peers send it. */
export const data = () => output('data');

/**
 * What every client has to do at least: milliseconds by measurement.
 * @returns {Record<string, number>}
 */
export const limits = () => output('limits');

/** @param {string} command */
function output(command) {
  const program = join(cargoTarget, 'release', 'lampyris-bench');
  return JSON.parse(execFileSync(program, [command, join(root, 'tests', 'vectors')], { env: toolEnvironment, encoding: 'utf8', maxBuffer: 2 ** 28 }));
}
