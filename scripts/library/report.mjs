/** What a person sees in the terminal while scripts work: headings, progress with elapsed time, tables. */

const colourful = process.stdout.isTTY && process.env.NO_COLOR === undefined;
const startedAt = performance.now();

/** @param {string} code @param {string} text */
const paint = (code, text) => (colourful ? `\u001b[${code}m${text}\u001b[0m` : text);

/** @param {string} text */
export const bold = (text) => paint('1', text);
/** @param {string} text */
export const dim = (text) => paint('2', text);
/** @param {string} text */
export const red = (text) => paint('31', text);
/** @param {string} text */
export const green = (text) => paint('32', text);

/**
 * A duration for people: `0.4 s`, `3 min 07 s`.
 * @param {number} milliseconds
 */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/**
 * One line of progress, with the time since the script started.
 * @param {string} text
 */
export function progress(text) {
  console.log(`${dim(`[${duration(performance.now() - startedAt).padStart(9)}]`)} ${text}`);
}

/**
 * A heading before a step's own output.
 * @param {string} text
 */
export function heading(text) {
  console.log(`\n${bold(`── ${text} ${'─'.repeat(Math.max(3, 72 - text.length))}`)}`);
}

/**
 * Prints rows in columns: the first left-aligned, the others right-aligned.
 * @param {string[]} header
 * @param {string[][]} rows
 */
export function table(header, rows) {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  /** @param {string[]} row */
  const line = (row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd();
  console.log(bold(line(header)));
  for (const row of rows) console.log(line(row));
}

/**
 * A failure that needs a sentence, not a stack trace: it says what a person can do.
 */
export class PlainError extends Error {}

/**
 * Runs a script's `main` and turns its failure into an exit code.
 * @param {() => Promise<void | number>} main
 */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    console.error(red(error instanceof PlainError ? `\n${error.message}` : `\n${error instanceof Error ? error.stack : error}`));
    process.exitCode = 1;
  }
}
