// The execution process: EthereumJS's command, kept on the loopback interface (its peer-to-peer port would
// listen on all of them) and ended with its parent. What it stores is for one run only, so it needs no
// orderly shutdown, which would take up to 9 s.
import { rmSync } from "node:fs";
import { Server } from "node:net";

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

await import("./node_modules/@ethereumjs/client/dist/esm/bin/cli.js");
