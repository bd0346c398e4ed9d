import assert from "node:assert/strict";
import { test } from "node:test";
import { Standing } from "../../pkg/standing.js";

const head = (slot, ageSeconds = 1) => ({ slot, blockNumber: slot, ageSeconds });
const told = (phase, slot, now, finalized = slot - 10) => ({
  phase,
  now,
  message: "as told",
  optimistic: slot === null ? null : head(slot),
  finalized: slot === null ? null : head(finalized),
  peers: [
    { id: "a", state: "connected", since: 1, reason: null },
    { id: "b", state: "dropped", since: 1, reason: "lied" },
  ],
  followers: 2,
});

test("without a leader, what was synced is ageing, and nobody is connected", () => {
  const standing = new Standing(true);
  assert.equal(standing.waiting(), null, "nothing is known");
  standing.take(told("synced", 100, 5_000), "follower");
  const waiting = standing.waiting();
  assert.equal(waiting.phase, "ageing");
  assert.equal(waiting.optimistic.slot, 100);
  assert.notEqual(waiting.message, "as told");
  assert.deepEqual(waiting.peers.map(({ state }) => state), ["gone", "dropped"]);
  assert.equal(waiting.peers[1].reason, "lied");
});

test("what was not synced does not become more than it was", () => {
  for (const phase of ["connecting", "syncing", "ageing", "stale_checkpoint"]) {
    const standing = new Standing(true);
    standing.take(told(phase, phase === "ageing" ? 100 : null, 5_000), "follower");
    assert.equal(standing.waiting().phase, phase);
  }
});

test("the next leader is ageing until its own head is as new as the one that was shown", () => {
  const standing = new Standing(true);
  standing.take(told("synced", 100, 5_000), "follower");
  standing.waiting();
  const phases = [
    ["connecting", null],
    ["syncing", 90],
    ["connecting", 100],
    ["synced", 99],
    ["synced", 100],
    ["synced", 101],
  ].map(([phase, slot]) => standing.take(told(phase, slot, 9_000), "leader"));
  assert.deepEqual(
    phases.map(({ phase, optimistic, role }) => [phase, optimistic.slot, role]),
    [
      ["ageing", 100, "leader"],
      ["ageing", 100, "leader"],
      ["ageing", 100, "leader"],
      ["ageing", 100, "leader"],
      ["synced", 100, "leader"],
      ["synced", 101, "leader"],
    ],
  );
  assert.equal(phases[0].optimistic.ageSeconds, 5, "older by the four seconds between");
  assert.equal(phases[1].optimistic.ageSeconds, 5, "and not by more than passed");
});

test("a finalized head does not go back either", () => {
  const standing = new Standing(true);
  standing.take(told("synced", 100, 5_000, 90), "follower");
  const status = standing.take(told("synced", 101, 6_000, 80), "leader");
  assert.deepEqual([status.phase, status.optimistic.slot, status.finalized.slot], ["synced", 101, 90]);
});

test("a checkpoint that is too old is said, whatever was shown before", () => {
  const standing = new Standing(true);
  standing.take(told("synced", 100, 5_000), "follower");
  assert.equal(standing.take(told("stale_checkpoint", null, 6_000), "leader").phase, "stale_checkpoint");
});

test("after a crash of the core nothing is known", () => {
  const standing = new Standing(true);
  standing.take(told("synced", 100, 5_000), "leader");
  standing.forget();
  assert.equal(standing.slot, -1);
  assert.equal(standing.take(told("connecting", null, 6_000), "leader").optimistic, null);
});

test("heads age while nobody leads, unless the clock stands", async () => {
  for (const clockStands of [false, true]) {
    const standing = new Standing(clockStands);
    standing.take(told("synced", 100, 5_000), "follower");
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { now, optimistic } = standing.waiting();
    assert.equal(now > 5_000, !clockStands);
    assert.equal(optimistic.ageSeconds > 1, !clockStands);
  }
});
