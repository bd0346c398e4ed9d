/**
 * When a page leaves, sleeps and returns.
 * @module
 */

/** @typedef {{ onAway: () => void, onBack: () => void, onAwake: () => void }} Watcher */

/**
 * `onAway`: the page is left or frozen, open connections would be dead when it returns. `onBack`: it returned from that.
 * `onAwake`: it is visible or online again, and connections may have died unnoticed.
 * @param {Watcher} watcher
 * @returns {() => void} stops watching
 */
export function watchLifecycle({ onAway, onBack, onAwake }) {
  if (typeof document === "undefined") return () => {};
  const controller = new AbortController();
  const { signal } = controller;
  let away = false;
  const leave = () => {
    if (away) return;
    away = true;
    onAway();
  };
  const back = () => {
    if (!away) return;
    away = false;
    onBack();
  };
  addEventListener("pagehide", leave, { signal });
  addEventListener("pageshow", back, { signal });
  addEventListener("online", () => onAwake(), { signal });
  document.addEventListener("freeze", leave, { signal });
  document.addEventListener("resume", back, { signal });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && onAwake(), { signal });
  return () => controller.abort();
}
