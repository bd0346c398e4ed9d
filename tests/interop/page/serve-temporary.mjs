// Serves pages of this machine with other projects' peers: js-libp2p, and the stock Rust peer as wasm.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildWasmCrate } from "../../../scripts/build.mjs";
import { runFolder } from "../../../scripts/library/paths.mjs";

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const wasmFolder = join(runFolder, "interop");
const wasmName = "lampyris_interop_websys";

/** @type {Record<string, string>} */
const contentTypes = { ".js": "text/javascript; charset=utf-8", ".wasm": "application/wasm" };

/** @returns {Promise<string>} one script with all that it needs */
async function bundledPeer() {
  const { outputFiles } = await build({
    entryPoints: [here("peer.js")], bundle: true, format: "esm", target: "es2023", write: false, logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}

/**
 * `/js` holds `window.peer`, see `peer.js`; `/rust` holds `window.dialAndPing`, see `../websys`.
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function servePeers() {

  const peer = await bundledPeer();
  const load = `import load, { dialAndPing } from "/${wasmName}.js"; await load(); Object.assign(window, { dialAndPing });`;
  const pages = new Map([["/js", "/peer.js"], ["/rust", "/load.js"]]);
  const scripts = new Map([["/peer.js", peer], ["/load.js", load]]);
  const server = createServer(async ({ url = "/" }, response) => {
    const page = pages.get(url);
    if (page !== undefined) {
      return response.setHeader("content-type", "text/html").end(`<!doctype html><link rel="icon" href="data:,"><script type="module" src="${page}"></script>`);
    }
    const type = contentTypes[extname(url)];
    const content = scripts.get(url) ?? await readFile(join(wasmFolder, basename(url))).catch(() => null);
    if (type === undefined || content === null) return response.writeHead(404).end();
    response.setHeader("content-type", type).end(content);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://localhost:${address.port}`,
    stop: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
