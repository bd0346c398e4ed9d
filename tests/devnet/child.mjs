// A process of the devnet: logs to a file, lives as long as its parent at most, is ended by its pid.
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

const LOG_TAIL_LINES = 25;

export class Child {
  /** Rejects when the process ends without having been stopped. @type {Promise<never>} */
  failed;
  #process;
  #stopped = false;
  #exited;

  /**
   * The IPC channel is the process's lifeline: it ends itself when the channel closes.
   * @param {string} name for messages @param {string} script @param {string[]} parameters
   * @param {{ logFile: string, env?: Record<string, string>, nodeOptions?: string[] }} options
   */
  constructor(name, script, parameters, { logFile, env = {}, nodeOptions = [] }) {
    const log = openSync(logFile, "w");
    this.#process = spawn(process.execPath, [...nodeOptions, script, ...parameters], {
      stdio: ["ignore", log, log, "ipc"],
      cwd: dirname(logFile),
      env: { ...process.env, ...env },
    });
    closeSync(log);
    this.#exited = new Promise((resolve) => this.#process.once("exit", resolve));
    this.failed = new Promise((_, reject) => {
      this.#process.once("error", (error) => reject(new Error(`${name} did not start: ${error.message}`)));
      this.#process.once("exit", (code, signal) => {
        if (this.#stopped) return;
        reject(new Error(`${name} ended (${signal ?? `code ${code}`}):\n${tail(logFile)}`));
      });
    });
    this.failed.catch(() => {}); // whoever cares awaits it
  }

  get pid() {
    return this.#process.pid;
  }

  /** The first message that the process reports. @returns {Promise<any>} */
  report() {
    return Promise.race([new Promise((resolve) => this.#process.once("message", resolve)), this.failed]);
  }

  /** Nothing that it holds outlives a run, so it is killed. */
  async stop() {
    this.kill();
    if (this.pid !== undefined) await this.#exited;
  }

  kill() {
    this.#stopped = true;
    this.#process.kill("SIGKILL");
  }
}

/** @param {string} logFile */
function tail(logFile) {
  return readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-LOG_TAIL_LINES).join("\n");
}
