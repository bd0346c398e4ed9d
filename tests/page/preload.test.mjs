// The page's modules import each other some seven deep. It names them all, so that the browser fetches them at once.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { mountedFile } from "../../scripts/serve.mjs";

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

test("the page names every module that it loads, and no other", () => {
  const named = [...textOf("/index.html").matchAll(/rel="modulepreload" href="([^"]+)"/gu)].map((match) => match[1]);
  assert.deepEqual(named, [...importsOf("/main.js"), GENERATED].sort());
});
