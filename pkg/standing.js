/**
 * What a client shows of where it stands, also while it passes from one leading tab to another.
 *
 * **Invariant: a head that was shown is never followed by an older one, and `synced` is said only with a head that the tab which leads now
 * has verified**: until its core is as far as the last one was, the last verified heads stay, as ageing.
 * @module
 */

/** @typedef {import("./index.d.ts").Head} Head */
/** @typedef {import("./index.d.ts").Peer} Peer */
/** @typedef {import("./index.d.ts").Status} Status */
/** @typedef {Omit<Status, "role">} Told what the leader tells, which is the same for all */

/** The newest status, and how it may be shown later. */
export class Standing {
  #clockStands;
  /** @type {Status | null} */
  #shown = null;
  #shownAt = 0;

  /** @param {boolean} clockStands in a replay */
  constructor(clockStands) {
    this.#clockStands = clockStands;
  }

  /** The slot of the newest head that was shown. */
  get slot() {
    return this.#shown?.optimistic?.slot ?? -1;
  }

  /**
   * @param {Told} told
   * @param {Status["role"]} role
   * @returns {Status}
   */
  take(told, role) {
    return this.#show(this.#notBefore({ ...told, role }));
  }

  /**
   * What is known while no tab leads; null if nothing is.
   * @returns {Status | null}
   */
  waiting() {
    const shown = this.#shown;
    if (shown === null) return null;
    const elapsedMs = this.#clockStands ? 0 : performance.now() - this.#shownAt;
    const now = shown.now + elapsedMs;
    return this.#show({
      ...shown,
      phase: shown.phase === "synced" ? "ageing" : shown.phase,
      message: "The tab that kept the connections is gone, and another takes over. What is shown was true when its head was new.",
      optimistic: aged(shown.optimistic, elapsedMs),
      finalized: aged(shown.finalized, elapsedMs),
      peers: shown.peers.map((peer) => left(peer, now)),
      now,
      followers: 0,
    });
  }

  /** After a crash of the core nothing is known until it is verified again. */
  forget() {
    this.#shown = null;
  }

  /**
   * @param {Status} status
   * @returns {Status}
   */
  #notBefore(status) {
    const shown = this.#shown;
    if (shown === null) return status;
    const elapsedMs = status.now - shown.now;
    const optimistic = newer(status.optimistic, aged(shown.optimistic, elapsedMs));
    const finalized = newer(status.finalized, aged(shown.finalized, elapsedMs));
    const isBehind = optimistic !== status.optimistic || status.phase === "connecting" || status.phase === "syncing";
    const isAgeing = shown.optimistic !== null && isBehind && status.phase !== "stale_checkpoint";
    return { ...status, optimistic, finalized, phase: isAgeing ? "ageing" : status.phase };
  }

  /** @param {Status} status */
  #show(status) {
    this.#shown = status;
    this.#shownAt = performance.now();
    return status;
  }
}

/**
 * @param {Head | null} head
 * @param {Head | null} before
 */
function newer(head, before) {
  return before === null || (head !== null && head.slot >= before.slot) ? head : before;
}

/**
 * @param {Head | null} head
 * @param {number} elapsedMs
 */
function aged(head, elapsedMs) {
  return head === null ? null : { ...head, ageSeconds: head.ageSeconds + elapsedMs / 1000 };
}

/**
 * @param {Peer} peer
 * @param {number} now
 * @returns {Peer}
 */
function left(peer, now) {
  if (peer.state !== "connected" && peer.state !== "connecting") return peer;
  return { ...peer, state: "gone", since: now, reason: "the tab that was connected to it is gone" };
}
