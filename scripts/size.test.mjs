import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBuiltForShipping } from './build.mjs';
import { filesOfPage, sizes } from './size.mjs';

test('the page loads its own modules, both wasm and lit-html', () => {
  const files = filesOfPage();
  for (const part of ['www/index.html', 'pkg/index.js', 'pkg/core-worker.js', 'lampyris_core_bg.wasm', 'lampyris_net_bg.wasm', 'lit-html/lit-html.js']) {
    assert.ok(files.some((file) => file.endsWith(part)), `${part} is missing among\n${files.join('\n')}`);
  }
});

test('each download stays within its budget', { skip: isBuiltForShipping() ? false : 'the wasm were built with --fast' }, () => {
  const measured = sizes();
  for (const part of ['lampyris_core_bg.wasm', 'lampyris_net_bg.wasm', 'page']) {
    const { brotli, budget } = measured.find(({ file }) => file === part) ?? {};
    assert.ok(brotli !== undefined && budget !== undefined, `${part} has no size or no budget`);
    assert.ok(brotli <= budget, `${part}: ${brotli} bytes of brotli, the budget is ${budget}`);
  }
});
