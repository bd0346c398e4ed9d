/** Recorded mainnet data. */

import { readFileSync } from 'node:fs';

/** @param {string} path below `tests/vectors` */
export const vector = (path) => readFileSync(new URL(`../tests/vectors/${path}`, import.meta.url));
