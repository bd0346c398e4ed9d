// A tab that outlives its gateways: the page, which follows the chain, and beside it a bare swarm that carries ballots, since the page
// has none yet.
import { bareSwarm } from "./bare.mjs";
import { byId, visit, waitForPhase } from "./browser.mjs";

/** Ballots are bytes to the swarm, as all gossip is; this topic is no network's. */
const TOPIC = "/eth2/01020304/light_client_finality_update/ssz_snappy";
/** With three of five others each, six tabs are connected among themselves, whoever is linked to whom. */
const TABS_WANTED = 3;

/** @typedef {Awaited<ReturnType<typeof survivor>>} Survivor */
/** @typedef {{ peer: string, introducer: string, at: number }} Link */

/** Notes every head that the page shows as proven: a page changes all parts of one at once. */
const NOTE_HEADS = () => {
  const shown = /** @type {{ slot: number, number: number, hash: string | null }[]} */ ([]);
  const part = (/** @type {string} */ id, /** @type {string} */ name) =>
    document.querySelector(`[data-testid="head-${id}"]`)?.getAttribute(name) ?? null;
  const note = () => {
    const head = { slot: Number(part("slot", "data-slot")), number: Number(part("block", "data-value")), hash: part("hash", "data-value") };
    if (head.hash !== null && shown.at(-1)?.hash !== head.hash) shown.push(head);
  };
  new MutationObserver(note).observe(document.body, { subtree: true, childList: true, attributes: true });
  note();
  Object.assign(window, { shown });
};

/** Accepts each ballot, so that it goes on. */
const TAKE_BALLOTS = () => {
  const { swarm, heard } = /** @type {any} */ (window);
  const ballots = /** @type {number[][]} */ ([]);
  let next = 0;
  setInterval(() => {
    for (; next < heard.length; next += 1) {
      const event = heard[next];
      if (event.type !== "gossip") continue;
      ballots.push([...event.data]);
      swarm.report(event.messageId, event.peer, "accept");
    }
  }, 50);
  Object.assign(window, {
    ballots,
    refused: [],
    /** Who is connected now, each with the event of its connection. */
    connected: (/** @type {string} */ kind) => {
      const open = new Map();
      for (const event of heard) {
        if (event.type === "connected" && event.kind === kind) open.set(event.peer, event);
        if (event.type === "disconnected") open.delete(event.peer);
      }
      return [...open.values()];
    },
  });
};

/**
 * @param {import("playwright-core").Browser} browser
 * @param {string} url of a stack
 * @param {string[]} gateways their addresses
 */
export async function survivor(browser, url, gateways) {
  const visitor = await visit(browser, url);
  const { page } = visitor;
  await waitForPhase(page, "synced");
  await page.evaluate(NOTE_HEADS);
  const bareVisitor = await bareSwarm(browser, url, { topics: [TOPIC], tabs: TABS_WANTED });
  const bare = bareVisitor.page;
  await bare.evaluate(TAKE_BALLOTS);
  await bare.evaluate((gateways) => {
    for (const address of gateways) /** @type {any} */ (window).swarm.dial(address);
  }, gateways);
  const slot = () => page.evaluate(() => /** @type {any} */ (window).shown.at(-1).slot);
  const phase = () => byId(page, "status-phase").getAttribute("data-phase");
  return {
    page,
    bare,
    /** Who its bare swarm is. */
    id: () => bare.evaluate(() => /** @type {string} */ (/** @type {any} */ (window).swarm.peerId)),
    /** The slot of the head that the page shows now. */
    slot: () => /** @type {Promise<number>} */ (slot()),
    /** All heads that the page showed. */
    heads: () => page.evaluate(() => /** @type {{ slot: number, number: number, hash: string }[]} */ (/** @type {any} */ (window).shown)),
    phase,
    /** How many gateways the bare swarm is connected to. */
    gateways: () => bare.evaluate(() => /** @type {number} */ (/** @type {any} */ (window).connected("gateway").length)),
    /** The bare swarm's links to tabs: who introduced them, and when. */
    links: () => bare.evaluate(() => /** @type {any} */ (window).connected("tab").map((/** @type {any} */ { peer, address, at }) =>
      /** @type {Link} */ ({ peer, introducer: address.split("/")[2], at }))),
    /** Publishes a ballot; false if that is refused, because nobody takes part. @param {number[]} ballot */
    cast: (ballot) => bare.evaluate(([topic, ballot]) => {
      const { swarm, refused } = /** @type {any} */ (window);
      const published = swarm.publish(topic, new Uint8Array(/** @type {number[]} */ (ballot)));
      return published.then(() => true, (/** @type {Error} */ { message }) => {
        refused.push(message);
        return false;
      });
    }, /** @type {const} */ ([TOPIC, ballot])),
    /** All ballots that came from others. */
    ballots: () => bare.evaluate(() => /** @type {number[][]} */ (/** @type {any} */ (window).ballots)),
    /** The bare swarm's open connections, known by their two certificates. */
    connections: () => bare.evaluate(() => {
      const fingerprint = (/** @type {RTCSessionDescription | null} */ description) => description?.sdp.match(/^a=fingerprint:(.+)$/mu)?.[1]?.trim();
      const { connections } = /** @type {{ connections: RTCPeerConnection[] }} */ (/** @type {any} */ (window));
      return connections
        .map(({ connectionState, localDescription, remoteDescription }, index) =>
          ({ index, connectionState, local: fingerprint(localDescription), remote: fingerprint(remoteDescription) }))
        .filter(({ connectionState }) => connectionState === "connected");
    }),
    /** Breaks all links but one, until that is noticed, and gives the time when it began. @param {number} kept index of its connection */
    breakLinks: (kept) => bare.evaluate(async (kept) => {
      const { connections, connected, heard } = /** @type {any} */ (window);
      const [before, began] = [heard.length, performance.now()];
      const links = connected("tab").length;
      for (const [index, connection] of connections.entries()) if (index !== kept) connection.close();
      const gone = () => heard.slice(before).filter((/** @type {any} */ { type }) => type === "disconnected").length;
      while (gone() < links - 1) await new Promise((resolve) => setTimeout(resolve, 50));
      return began;
    }, kept),
    /** For a report of a failure. */
    state: async () => ({
      phase: await phase(),
      slot: await slot(),
      links: await bare.evaluate(() => /** @type {any} */ (window).connected("tab").map((/** @type {any} */ { peer }) => peer.slice(-6)).join(" ")),
      ballots: await bare.evaluate(() => /** @type {any} */ (window).ballots.map(([number]) => number).join(" ")),
      refused: await bare.evaluate(() => /** @type {any} */ (window).refused.slice(-5)),
      page: visitor.errors.slice(-5),
      bare: bareVisitor.uncaught().slice(-5),
    }),
    close: async () => {
      await bareVisitor.close();
      await visitor.close();
    },
  };
}
