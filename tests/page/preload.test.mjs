// The page's modules import each other some seven deep. It names them all, so that the browser fetches them at once.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { mountedFile } from "../../scripts/library/served-files.mjs";

/** Loaded by the leading tab as soon as it leads. */
const GENERATED = "/pkg/generated/lampyris_net.js";

/** @param {string} path */
function textOf(path) {
  const file = mountedFile(path)?.file;
  assert.ok(file !== undefined && existsSync(file), `${path} is not served`);
  return readFileSync(file, "utf8");
}

/**
 * What a module imports as it is loaded, directly and by others.
 * @param {string} path
 * @param {Set<string>} [found]
 */
function importsOf(path, found = new Set()) {
  for (const [, reference = ""] of textOf(path).matchAll(/(?:^|;)(?:import|export)(?:[^;'"=]*?from)?\s?["'](\.{0,2}\/[^'"]+)["']/gmu)) {
    const imported = new URL(reference, `http://page${path}`).pathname;
    if (found.has(imported)) continue;
    found.add(imported);
    importsOf(imported, found);
  }
  return found;
}

test("the page names every module that it loads, and no other: first those that the client needs to start", () => {
  const named = [...textOf("/index.html").matchAll(/rel="modulepreload" href="([^"]+)"/gu)].map((match) => match[1]);
  const first = [...importsOf("/start.js"), GENERATED].sort();
  const views = [...importsOf("/main.js")].filter((path) => !first.includes(path)).sort();
  assert.deepEqual(named, [...first, ...views]);
});
