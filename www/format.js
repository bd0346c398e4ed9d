/**
 * Numbers, times and bytes as people read them, and amounts as they write them. Exact: no amount ever becomes a floating-point number.
 * @module
 */

export const ETHER_DECIMALS = 18;

/**
 * A decimal amount as written, in the smallest unit. Digits with at most one point; spaces, `_` and `,` between thousands are not guessed at.
 * @param {string} text
 * @param {number} decimals
 * @returns {{ amount: bigint } | { error: string }}
 */
export function parseAmount(text, decimals) {
  const written = text.trim();
  if (written === "") return { error: "Enter an amount." };
  if (written.length > 100) return { error: "That is no amount." };
  if (written.includes(",")) return { error: "Use a point for decimals, and nothing between thousands: 1234.5" };
  const parts = /^(\d*)(?:\.(\d*))?$/.exec(written);
  const whole = parts?.[1] ?? "";
  const fraction = parts?.[2] ?? "";
  if (parts === null || whole + fraction === "") return { error: "Write the amount in digits, such as 0.25" };
  if (fraction.length > decimals) return { error: `At most ${decimals} digits after the point.` };
  return { amount: BigInt(whole + fraction.padEnd(decimals, "0")) };
}

/**
 * An amount in the smallest unit as a decimal number, exact, without zeros at its end, with commas between thousands.
 * @param {bigint} amount
 * @param {number} decimals
 * @returns {string}
 */
export function formatAmount(amount, decimals) {
  const sign = amount < 0n ? "−" : "";
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return `${sign}${groupThousands(whole)}${fraction === "" ? "" : `.${fraction}`}`;
}

/**
 * An amount cut (never rounded up) to some digits after its point, for places where it is not the point; the exact one stands beside it.
 * @param {bigint} amount
 * @param {number} decimals
 * @param {number} digits
 * @returns {string}
 */
export function formatAmountShort(amount, decimals, digits = 4) {
  if (decimals <= digits) return formatAmount(amount, decimals);
  const unit = 10n ** BigInt(decimals - digits);
  const cut = (amount / unit) * unit;
  if (cut === 0n && amount > 0n) return `< 0.${"0".repeat(digits - 1)}1`;
  return formatAmount(cut, decimals);
}

/**
 * @param {number | bigint} count
 * @returns {string}
 */
export function formatCount(count) {
  return groupThousands(count.toString());
}

/**
 * @param {string} digits
 * @returns {string}
 */
function groupThousands(digits) {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * A part of a whole in percent with one digit, cut, from exact numbers; null where there is no whole.
 * @param {bigint} part
 * @param {bigint} whole
 * @returns {number | null}
 */
export function percentage(part, whole) {
  if (whole <= 0n) return null;
  return Number((part * 1000n) / whole) / 10;
}

/**
 * @param {number} seconds
 * @returns {string}
 */
export function formatDuration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  const days = Math.floor(whole / 86_400);
  return days === 1 ? "1 day" : `${formatCount(days)} days`;
}

/**
 * @param {number} bytes
 * @returns {string}
 */
export function formatBytes(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB"];
  let value = bytes;
  let unit = "B";
  for (const next of units) {
    if (value < 999.95) break;
    value /= 1000;
    unit = next;
  }
  return `${value.toFixed(1)} ${unit}`;
}

/**
 * A date and time in the reader's own zone.
 * @param {number} unixMs
 * @returns {string}
 */
export function formatTime(unixMs) {
  return new Date(unixMs).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/**
 * Both ends of something long, such as an address: `0xd8da6b…6045`.
 * @param {string} text
 * @param {number} head
 * @param {number} tail
 * @returns {string}
 */
export function shorten(text, head = 8, tail = 6) {
  return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;
}

/**
 * Whether two addresses are the same, whatever the case of their digits.
 * @param {string | undefined} left
 * @param {string | undefined} right
 * @returns {boolean}
 */
export function sameAddress(left, right) {
  return left !== undefined && left.toLowerCase() === right?.toLowerCase();
}

/**
 * @param {number | bigint} count
 * @param {string} noun
 * @param {string} [plural]
 * @returns {string}
 */
export function plural(count, noun, plural = `${noun}s`) {
  return `${formatCount(count)} ${count === 1 || count === 1n ? noun : plural}`;
}
