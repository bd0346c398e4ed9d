/**
 * Text from the chain or from peers, made harmless to the eye as well: what would hide or reorder letters is shown as what it is.
 * @module
 */

/** Text beyond this length is cut, and said to be. */
export const TEXT_LENGTH_MAX = 20_000;
/** Two lines on a wide screen, cut by their height. */
const EXCERPT_LENGTH_MAX = 400;

/**
 * Invisible and reordering characters: controls but line feed and tab, soft hyphen, bidi marks, embeddings, overrides and isolates, zero-width
 * ones, line and paragraph separators, invisible operators, variation selectors, tags, interlinear annotations, unpaired surrogates. Emoji may
 * have their joiner and their variation. Also marks stacked on one letter beyond the third, which would run over other lines.
 */
const DECEPTIVE =
  /(?<!\p{Extended_Pictographic}\ufe0f?)[\u200d\ufe0e\ufe0f]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}\p{Cs}]|(?<=\p{Mn}{3})\p{Mn}+/gu;

/** @typedef {{ text: string, visible: boolean }} Piece `visible`: it stands for an invisible character */

/**
 * @param {string} text
 * @returns {Piece[]}
 */
export function pieces(text) {
  const shown = text.slice(0, TEXT_LENGTH_MAX).replaceAll("\r\n", "\n");
  /** @type {Piece[]} */
  const found = [];
  let start = 0;
  for (const match of shown.matchAll(DECEPTIVE)) {
    if (match.index > start) found.push({ text: shown.slice(start, match.index), visible: false });
    found.push({ text: name(match[0]), visible: true });
    start = match.index + match[0].length;
  }
  if (start < shown.length) found.push({ text: shown.slice(start), visible: false });
  if (text.length > TEXT_LENGTH_MAX) found.push({ text: `cut after ${TEXT_LENGTH_MAX} characters`, visible: true });
  return found;
}

/**
 * The first line of a proposal's text, as its title.
 * @param {string} text
 * @returns {string}
 */
export function firstLine(text) {
  const line = text.split("\n").find((candidate) => candidate.trim() !== "") ?? "";
  const title = line.replace(/^\s*#+\s*/, "").trim();
  return title.length > 160 ? `${title.slice(0, 159)}…` : title;
}

/**
 * What follows the title, on one line.
 * @param {string} text
 * @returns {string}
 */
export function afterFirstLine(text) {
  const lines = text.split("\n");
  const title = lines.findIndex((line) => line.trim() !== "");
  return lines
    .slice(title + 1)
    .join(" ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, EXCERPT_LENGTH_MAX);
}

/**
 * @param {string} characters
 * @returns {string}
 */
function name(characters) {
  const [character = "", ...more] = characters;
  if (more.length > 0) return `${more.length + 1} more marks`;
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
