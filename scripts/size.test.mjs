import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBuiltForShipping } from './build.mjs';
import { filesOfPage, sizes } from './size.mjs';

/** What a visitor may be asked to download, gzipped. Lower it when something becomes smaller. */
const gzipBytesMax = new Map([
  ['lampyris_core_bg.wasm', 600_000],
  ['lampyris_net_bg.wasm', 900_000],
  ['page', 180_000],
]);

test('the page loads its own modules, both wasm and lit-html', () => {
  const files = filesOfPage();
  for (const part of ['www/index.html', 'pkg/index.js', 'pkg/core-worker.js', 'lampyris_core_bg.wasm', 'lampyris_net_bg.wasm', 'lit-html/lit-html.js']) {
    assert.ok(files.some((file) => file.endsWith(part)), `${part} is missing among\n${files.join('\n')}`);
  }
});

test('each download stays within its budget', { skip: isBuiltForShipping() ? false : 'the wasm were built with --fast' }, () => {
  const measured = sizes();
  for (const [file, max] of gzipBytesMax) {
    const gzip = measured.find((size) => size.file === file)?.gzip;
    assert.ok(gzip !== undefined && gzip <= max, `${file}: ${gzip} bytes gzipped, the budget is ${max}`);
  }
});
