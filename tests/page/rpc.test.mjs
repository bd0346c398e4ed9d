import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientError, clientError, plainError } from "../../pkg/errors.js";
import { PENDING_CALLS_MAX, Rpc, transferables } from "../../pkg/rpc.js";
import { databaseName } from "../../pkg/storage.js";

/** Two ends of one conversation, closed after the test. */
function ends(t, handlers, handlersOfOther = {}) {
  const { port1, port2 } = new MessageChannel();
  t.after(() => port1.close());
  return [new Rpc(port1, handlersOfOther), new Rpc(port2, handlers)];
}

test("a call is answered with its result", async (t) => {
  const [rpc] = ends(t, { add: (a, b) => a + b, later: async (value) => ({ value }) });
  assert.equal(await rpc.call("add", 2n, 3n), 5n);
  assert.deepEqual(await rpc.call("later", "x"), { value: "x" });
});

test("answers find their calls in any order, in both directions", async (t) => {
  const wait = (ms) => new Promise((resolve) => setTimeout(() => resolve(ms), ms));
  const [left, right] = ends(t, { wait }, { wait });
  assert.deepEqual(
    await Promise.all([left.call("wait", 30), left.call("wait", 1), right.call("wait", 10)]),
    [30, 1, 10],
  );
});

test("an error keeps its code, fault, message and details", async (t) => {
  const [rpc] = ends(t, {
    send() {
      throw new ClientError("refused", "nonce too low", { details: { nonce: 3n } });
    },
  });
  const error = await rpc.call("send").catch(clientError);
  assert.ok(error instanceof ClientError);
  assert.deepEqual(
    [error.code, error.fault, error.message, error.details],
    ["refused", "caller", "nonce too low", { nonce: 3n }],
  );
});

test("only own handlers can be called", async (t) => {
  const [rpc] = ends(t, {});
  await assert.rejects(rpc.call("toString"), { code: "bug" });
});

test("arguments and results that cannot be sent reject their call and no other", async (t) => {
  const [rpc] = ends(t, { bad: () => () => 1, good: () => 1 });
  await assert.rejects(
    rpc.call("good", () => 1),
    { code: "invalid_argument" },
  );
  await assert.rejects(rpc.call("bad"), { code: "bug" });
  assert.equal(await rpc.call("good"), 1);
});

test("closing rejects what waits and what comes", async (t) => {
  const [rpc] = ends(t, { never: () => new Promise(() => {}) });
  const waiting = rpc.call("never");
  const reason = new ClientError("crashed", "gone");
  rpc.close(reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(rpc.call("never"), reason);
});

test("waiting calls are bounded", async (t) => {
  const [rpc] = ends(t, { never: () => new Promise(() => {}) });
  for (let i = 0; i < PENDING_CALLS_MAX; i++) rpc.call("never").catch(() => {});
  await assert.rejects(rpc.call("never"), { code: "unavailable" });
  rpc.close(new Error("end of the test"));
});

test("what is neither a call nor an answer is not heard", async (t) => {
  const { port1, port2 } = new MessageChannel();
  t.after(() => port1.close());
  const rpc = new Rpc(port1, { echo: (value) => value });
  new Rpc(port2, { echo: (value) => value });
  const answer = rpc.call("echo", 1);
  for (const message of [null, undefined, 7, "call", [], {}, { method: "echo" }, { method: "echo", args: 1 }, { id: "1" }, { id: 1, error: null }]) {
    port2.postMessage(message);
  }
  assert.equal(await answer, 1);
});

test("whole byte arrays are moved, parts of larger ones are not", async (t) => {
  const whole = new Uint8Array([1, 2, 3]);
  const part = new Uint8Array(new ArrayBuffer(8), 2, 3);
  assert.deepEqual(transferables({ id: 1, method: "gossip", args: [{ data: whole, rest: part }, whole] }), [
    whole.buffer,
  ]);
  const [rpc] = ends(t, { echo: (event) => event });
  const { data } = await rpc.call("echo", { data: whole });
  assert.deepEqual([...data], [1, 2, 3]);
  assert.equal(whole.byteLength, 0, "moved, not copied");
});

test("whatever is thrown has a plain form", () => {
  assert.deepEqual(plainError("text"), { code: "bug", message: "text" });
  assert.equal(plainError(new WebAssembly.RuntimeError("unreachable")).code, "crashed");
  assert.equal(plainError({ code: "timeout", message: "late" }).code, "timeout");
  assert.equal(clientError({ code: "timeout", message: "late" }).code, "bug", "no code of a client");
  assert.equal(clientError({ code: "peer_misbehaved", message: "liar" }).fault, "peer");
});

test("each network has a database of its own", () => {
  const devnet = { name: "devnet", chainId: 1, genesisValidatorsRoot: "0x01", genesisTime: 5 };
  const names = [
    { network: "mainnet" },
    { network: "mainnet", fixedClockUnixMs: 7 },
    { network: devnet },
    { network: { ...devnet, genesisTime: 6 } },
  ].map(databaseName);
  assert.equal(new Set(names).size, names.length);
});
