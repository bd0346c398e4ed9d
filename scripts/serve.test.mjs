import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
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
  const module = await fetch(`${server.url}vendor/lit-html/lit-html.js`);
  assert.equal(module.status, 200);
  assert.match(module.headers.get('content-type') ?? '', /^text\/javascript/);
  const tag = module.headers.get('etag') ?? '';
  const again = await fetch(`${server.url}vendor/lit-html/lit-html.js`, { headers: { 'if-none-match': tag } });
  assert.equal(again.status, 304);
});

for (const path of [
  '/../package.json', '/%2e%2e/package.json', '/pkg/../../package.json', '/pkg/%2e%2e%2fpackage.json', '/..%5cpackage.json',
  '/vendor/lit-html/../typescript/package.json', '//package.json', '/.git/config', '/%00', '/%', '/pkg', '/vendor/', 'package.json',
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
