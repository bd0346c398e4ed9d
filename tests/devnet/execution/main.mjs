// The execution process: EthereumJS's command, kept on the loopback interface (its peer-to-peer port would
// listen on all of them) and ended with its parent. What it stores is for one run only, so it needs no
// orderly shutdown, which would take up to 9 s.
import { rmSync } from "node:fs";
import { Server } from "node:net";
import { Common } from "./node_modules/@ethereumjs/common/dist/esm/index.js";

process.on("disconnect", () => {
  const directory = process.env.DEVNET_TEMPORARY_DIRECTORY;
  if (directory) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  process.kill(process.pid, "SIGKILL");
});

const listen = Server.prototype.listen;
Server.prototype.listen = function listenOnLoopback(/** @type {any[]} */ ...parameters) {
  const local = parameters.map((parameter) => (parameter === "0.0.0.0" ? "127.0.0.1" : parameter));
  return listen.apply(this, /** @type {any} */ (local));
};

// Half of the process's time went into copying one growing object here, for every header that it touches:
// https://github.com/ethereumjs/ethereumjs-monorepo, common.js, _buildParamsCache(), which starts from a fresh object.
/** @type {any} */ (Common.prototype)._mergeWithParamsCache = function mergeInPlace(/** @type {object} */ params) {
  Object.assign(this._paramsCache, params);
};

await import("./node_modules/@ethereumjs/client/dist/esm/bin/cli.js");
