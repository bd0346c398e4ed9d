// What tests may change while the chain runs.

/**
 * @typedef {object} Control
 * @property {number} participation how much of the sync committee signs, 0 to 1
 * @property {boolean} paused no blocks until it is lifted; their slots are missed
 * @property {number} skipUntil no blocks before this slot
 * @property {boolean} noAttest blocks carry no attestations: finality stops
 * @property {number | null} holdAtSlot the slots after this one wait and are caught up with later
 */

const CHECKS = {
  participation: (/** @type {unknown} */ value) => typeof value === "number" && value >= 0 && value <= 1,
  paused: (/** @type {unknown} */ value) => typeof value === "boolean",
  skipUntil: (/** @type {unknown} */ value) => Number.isSafeInteger(value) && Number(value) >= 0,
  noAttest: (/** @type {unknown} */ value) => typeof value === "boolean",
  holdAtSlot: (/** @type {unknown} */ value) => value === null || Number.isSafeInteger(value),
};

/** @param {number | null} holdAtSlot @returns {Control} */
export const initialControl = (holdAtSlot) => ({
  participation: 1,
  paused: false,
  skipUntil: 0,
  noAttest: false,
  holdAtSlot,
});

/** Throws before anything changed if a key or a value is wrong. @param {Control} control @param {unknown} changes */
export function applyControl(control, changes) {
  if (typeof changes !== "object" || changes === null) throw new TypeError("expected an object of settings");
  for (const [key, value] of Object.entries(changes)) {
    const check = CHECKS[/** @type {keyof typeof CHECKS} */ (key)];
    if (!check) throw new TypeError(`unknown setting ${key}; there are ${Object.keys(CHECKS).join(", ")}`);
    if (!check(value)) throw new TypeError(`${key} cannot be ${JSON.stringify(value)}`);
  }
  Object.assign(control, changes);
}
