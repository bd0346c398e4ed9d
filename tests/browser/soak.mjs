// Does one thing over and over between a tab and a gateway, and draws the curve of what both hold.
import { visit } from "./browser.mjs";

/** What comes first is warm-up, this share of it all: caches fill, allocators take what they keep. */
const WARM_UP = 0.2;
/** How much more there may be after the warm-up. The allocators keep some of what they get back. */
const GROWTH_MAX = { gatewayMegabytes: 12, gatewayChannels: 8, gatewayFiles: 4, tabMegabytes: 4, tabWasmMegabytes: 2, tabChannels: 8, tabConnections: 2 };
/** How long the last streams of a part may take to close: 5 s at the most after they were dropped. */
const CLOSING_MS = 6_000;

/** @typedef {keyof typeof GROWTH_MAX} Figure */
/** @typedef {{ done: number, seconds: number } & Record<Figure, number>} Row */
/** @typedef {{ rows: Row[], grown: Figure[], refused: number }} Curve */

/**
 * The sums of a gateway's metrics by name.
 * @param {import("../../scripts/stack.mjs").Gateway} gateway
 * @returns {Promise<(name: string) => number>}
 */
export async function metrics(gateway) {
  const lines = (await (await fetch(new URL("/metrics", gateway.metricsUrl))).text()).split("\n");
  return (name) => {
    const values = lines.filter((line) => line.startsWith(`${name} `)).map((line) => Number(line.split(" ").at(-1)));
    if (values.length === 0) throw new Error(`the gateway has no metric ${name}`);
    return values.reduce((sum, value) => sum + value, 0);
  };
}

/**
 * A document of our origin without the page's own client, with a swarm.
 * @param {import("playwright-core").Browser} browser
 * @param {import("../../scripts/stack.mjs").Stack} stack
 */
export async function soaker(browser, stack) {
  const visitor = await visit(browser, new URL("/config.json", stack.url).href);
  const [gateway] = stack.gateways;
  if (gateway === undefined) throw new Error("there is no gateway");
  await visitor.page.evaluate(startInPage, gateway.address);
  const session = await visitor.page.context().newCDPSession(visitor.page);

  /** How many objects of a class are alive. @param {string} className */
  const living = async (className) => {
    const { result: { objectId: prototypeObjectId = "" } } = await session.send("Runtime.evaluate", { expression: `${className}.prototype`, objectGroup: "soak" });
    const { objects: { objectId = "" } } = await session.send("Runtime.queryObjects", { prototypeObjectId, objectGroup: "soak" });
    const { result } = await session.send("Runtime.callFunctionOn", { objectId, functionDeclaration: "function () { return this.length; }", returnByValue: true });
    await session.send("Runtime.releaseObjectGroup", { objectGroup: "soak" });
    return Number(result.value);
  };

  /** @returns {Promise<Record<Figure, number>>} */
  const measure = async () => {
    await visitor.page.waitForTimeout(CLOSING_MS);
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    const of = await metrics(gateway);
    return {
      gatewayMegabytes: of("process_resident_memory_bytes") / 1e6,
      gatewayChannels: of("lampyris_channels"),
      gatewayFiles: of("process_open_fds"),
      tabMegabytes: usedSize / 1e6,
      tabWasmMegabytes: (await visitor.page.evaluate("soak.wasmBytes()")) / 1e6,
      tabChannels: await living("RTCDataChannel"),
      tabConnections: await living("RTCPeerConnection"),
    };
  };

  /**
   * @param {"cycles" | "requests"} what
   * @param {number} times
   * @param {number} parts into how many it is cut; after each, it is measured
   * @param {(done: number) => void} [onPart]
   * @returns {Promise<Curve>}
   */
  const curve = async (what, times, parts, onPart = () => {}) => {
    const startedAt = performance.now();
    let refused = 0;
    /** @type {Row[]} */
    const rows = [{ done: 0, seconds: 0, ...await measure() }];
    for (let part = 1; part <= parts; part += 1) {
      const to = Math.round((part * times) / parts);
      refused += await visitor.page.evaluate(`soak.${what}(${to - (rows.at(-1)?.done ?? 0)})`);
      rows.push({ done: to, seconds: (performance.now() - startedAt) / 1_000, ...await measure() });
      onPart(to);
    }
    return { rows, refused, grown: grown(rows) };
  };
  return { ...visitor, curve };
}

/**
 * Which figures were larger at the end than they had been after the warm-up, by more than is allowed.
 * @param {Row[]} rows
 */
function grown(rows) {
  const [warm, last] = [rows[Math.ceil(rows.length * WARM_UP) - 1], rows.at(-1)];
  if (warm === undefined || last === undefined) throw new Error("there is no curve");
  const figures = /** @type {Figure[]} */ (Object.keys(GROWTH_MAX));
  return figures.filter((figure) => last[figure] > warm[figure] + GROWTH_MAX[figure]);
}

/**
 * Runs in the page.
 * @param {string} address
 */
async function startInPage(address) {
  // @ts-ignore built
  const { default: load, Swarm } = await import("/pkg/generated/lampyris_net.js");
  const { memory } = await load();
  /** A response begins with its outcome. */
  const SUCCESS = 0;
  /** At a time, on one connection. */
  const REQUESTS_AT_ONCE = 8;
  const waiting = /** @type {Map<string, (event: any) => void>} */ (new Map());
  const swarm = new Swarm({}, (/** @type {any} */ event) => {
    const take = waiting.get(event.type);
    waiting.delete(event.type);
    take?.(event);
  });
  const next = (/** @type {string} */ type) => new Promise((resolve) => waiting.set(type, resolve));
  const connect = async () => {
    const connected = next("connected");
    swarm.dial(address);
    return (await connected).peer;
  };
  const disconnect = async (/** @type {string} */ peer) => {
    const gone = next("disconnected");
    swarm.disconnect(peer, "enough");
    await gone;
  };
  /** 1 if it was refused. */
  const request = async (/** @type {string} */ peer) => {
    const answer = await swarm.request(peer, "light_client_optimistic_update", new Uint8Array(0), 20_000);
    return Number(answer[0] !== SUCCESS);
  };
  /** @type {string | undefined} */
  let kept;
  Object.assign(window, {
    soak: {
      wasmBytes: () => memory.buffer.byteLength,
      /** Connects, asks, closes. @param {number} times */
      cycles: async (times) => {
        let refused = 0;
        for (let number = 0; number < times; number += 1) {
          const peer = await connect();
          refused += await request(peer);
          await disconnect(peer);
        }
        return refused;
      },
      /** Each on a stream of its own, on one connection. @param {number} times */
      requests: async (times) => {
        kept ??= await connect();
        const peer = /** @type {string} */ (kept);
        let [begun, refused] = [0, 0];
        await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, async () => {
          while (begun < times) {
            begun += 1;
            const answer = await request(peer);
            refused += answer;
          }
        }));
        return refused;
      },
    },
  });
}
