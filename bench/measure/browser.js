// Runs one measurement in a page.
import { consensus, firstCatchUp } from './consensus.js';
import { proofs } from './proofs.js';

const measurements = { consensus, firstCatchUp, proofs };

/**
 * @param {keyof typeof measurements} measurement
 * @param {any} given
 */
export const run = (measurement, given) => measurements[measurement](given);
