import assert from 'node:assert/strict';
import { statSync, utimesSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { mountedFile } from './library/served-files.mjs';
import { servePage } from './serve.mjs';

/** @type {import('./serve.mjs').PageServer} */
let server;
before(async () => {
  server = await servePage({ config: () => ({ network: 'mainnet' }) });
});
after(() => server.stop());

/** Sends a request line as it is: `fetch` would tidy the path first. @param {string} path @returns {Promise<string>} */
function raw(path) {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(server.port, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`));
    socket.on('data', (chunk) => (text += chunk)).on('end', () => resolve(text)).on('error', reject);
  });
}

test('the page gets its configuration and the headers that it is designed for', async () => {
  const response = await fetch(`${server.url}config.json`);
  assert.deepEqual(await response.json(), { network: 'mainnet' });
  assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'.*require-trusted-types-for 'script'/);
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(response.headers.get('cross-origin-opener-policy'), 'same-origin');
});

test('files have their types, and an unchanged file is not sent twice', async () => {
  const module = await fetch(`${server.url}pkg/index.js`);
  assert.equal(module.status, 200);
  assert.match(module.headers.get('content-type') ?? '', /^text\/javascript/);
  assert.equal(module.headers.get('cache-control'), 'no-cache');
  const tag = module.headers.get('etag') ?? '';
  const again = await fetch(`${server.url}pkg/index.js`, { headers: { 'if-none-match': tag } });
  assert.equal(again.status, 304);
});

/** What the page refers to, and the answer's `cache-control`. */
async function references() {
  const page = await fetch(server.url);
  assert.equal(page.headers.get('cache-control'), 'no-cache');
  return [...(await page.text()).matchAll(/\b(?:href|src)="([^"]+)"/g)].map((match) => match[1] ?? '');
}

test('what the page refers to is there, and is kept by the browser, but for the configuration', async () => {
  const paths = await references();
  assert.ok(paths.length > 40);
  for (const path of paths.filter((path) => !path.includes('/generated/'))) {
    const response = await fetch(new URL(path, server.url));
    assert.equal(response.status, 200, path);
    assert.equal(response.headers.get('cache-control'), path === '/config.json' ? 'no-cache' : 'public, max-age=31536000, immutable', path);
  }
});

test('a changed file makes another version; of an older one nothing is kept', async () => {
  const [style = ''] = (await references()).filter((path) => path.endsWith('/styles/base.css'));
  const file = mountedFile('/styles/base.css')?.file ?? '';
  const { atime, mtime } = statSync(file);
  utimesSync(file, atime, new Date(mtime.getTime() - 1_000));
  try {
    const [changed = ''] = (await references()).filter((path) => path.endsWith('/styles/base.css'));
    assert.notEqual(changed, style);
    const old = await fetch(new URL(style, server.url));
    assert.equal(old.status, 200);
    assert.equal(old.headers.get('cache-control'), 'no-cache');
  } finally {
    utimesSync(file, atime, mtime);
  }
});

for (const path of [
  '/../package.json', '/%2e%2e/package.json', '/pkg/../../package.json', '/pkg/%2e%2e%2fpackage.json', '/..%5cpackage.json',
  '/vendor/lit-html@3.3.3/../typescript/package.json', '//package.json', '/~0/../package.json', '/~0/www/../../package.json', '/~0/crate/Cargo.toml', '/.git/config', '/%00', '/%', '/pkg', '/vendor/', 'package.json',
]) {
  test(`nothing outside of the served folders is served: ${path}`, async () => {
    assert.match(await raw(path), /^HTTP\/1\.1 (404|400)/);
  });
}

test('only reading is allowed', async () => {
  assert.equal((await fetch(server.url, { method: 'POST' })).status, 405);
});

test('a taken port leads to the next one', async () => {
  const other = await servePage({ config: () => ({}), port: server.port });
  assert.ok(other.port > server.port);
  await other.stop();
});
