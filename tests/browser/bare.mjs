// The swarm's wasm by itself on a document of our origin, without the page's own client.
import { visit } from "./browser.mjs";

/** @typedef {import("playwright-core").Page} Page */

/**
 * Opens one, with a swarm in `window.swarm`, what it said in `window.heard`, and all connections of the document in
 * `window.connections`. `window.next(type, from)` waits for an event after those heard before.
 * @param {import("playwright-core").Browser} browser
 * @param {string} url of a stack
 * @param {{ topics?: string[], tabs?: number }} [options] of the swarm
 */
export async function bareSwarm(browser, url, options = {}) {
  const visitor = await visit(browser, new URL("/config.json", url).href);
  await visitor.page.evaluate(async (options) => {
    // @ts-ignore built
    const { default: load, Swarm } = await import("/pkg/generated/lampyris_net.js");
    await load();
    const connections = /** @type {RTCPeerConnection[]} */ ([]);
    window.RTCPeerConnection = class extends RTCPeerConnection {
      /** @param {RTCConfiguration} [configuration] */
      constructor(configuration) {
        super(configuration);
        connections.push(this);
      }
    };
    const heard = /** @type {any[]} */ ([]);
    const waiting = new Set();
    Object.assign(window, {
      connections,
      heard,
      swarm: new Swarm(options, (/** @type {any} */ event) => {
        heard.push({ ...event, at: performance.now() });
        for (const look of waiting) look();
      }),
      next: (/** @type {string} */ type, from = heard.length) => new Promise((resolve) => {
        const look = () => {
          const event = heard.slice(from).find((each) => each.type === type);
          if (event === undefined) return;
          waiting.delete(look);
          resolve(event);
        };
        waiting.add(look);
        look();
      }),
    });
  }, options);
  // The bare document has no icon, which is not an error of ours.
  return { ...visitor, uncaught: () => visitor.errors.filter((error) => !error.includes("404")) };
}
