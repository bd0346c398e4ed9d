import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { root } from './library/paths.mjs';

const documents = ['README.md', 'CHANGELOG.md', 'pkg/README.md', ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
const packageScripts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;

for (const document of documents) {
  const text = readFileSync(join(root, document), 'utf8');

  test(`${document}: its npm commands exist`, () => {
    for (const [, name] of text.matchAll(/npm run ([\w:-]+)/g)) assert.ok(name !== undefined && name in packageScripts, `npm run ${name}`);
  });

  test(`${document}: its crates and scripts exist`, () => {
    for (const [, crate] of text.matchAll(/cargo \w+ .*?-p (lampyris-[\w-]+)/g)) {
      const manifests = readFileSync(join(root, 'Cargo.lock'), 'utf8');
      assert.ok(manifests.includes(`name = "${crate}"`), crate);
    }
    for (const [, script] of text.matchAll(/\bnode ((?:scripts|tests|bench)\/[\w./-]+)/g)) assert.ok(existsSync(join(root, script ?? '')), script);
  });

  test(`${document}: its links and pictures lead somewhere`, () => {
    for (const [, target] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (target === undefined || /^[a-z]+:/.test(target)) continue;
      const path = join(root, dirname(document), target);
      assert.ok(existsSync(path), `${relative(root, path)} does not exist`);
    }
  });
}
