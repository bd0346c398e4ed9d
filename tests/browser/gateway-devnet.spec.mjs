// The gateway's own test against a chain that goes on: real proofs, blocks, events, and periods that end. It is native (a peer over
// WebRTC, `crate/gateway/tests/serving/devnet.rs`) and lies here because these tests have the native programs and a devnet.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runToEnd } from "../../scripts/library/run.mjs";
import { startDevnet } from "../devnet/index.mjs";

test("a devnet is served verifiably, natively", { timeout: 600_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "lampyris-gateway-devnet-"));
  const devnet = await startDevnet();
  try {
    const { beaconUrl, executionUrl, network, checkpoint, contracts, accounts } = devnet;
    const file = join(folder, "devnet.json");
    writeFileSync(file, JSON.stringify({ beaconUrl, executionUrl, network, checkpoint, contracts, accounts }));
    // With the whole workspace's features, as everything else is built: otherwise all of it would be compiled again.
    const { code, output } = await runToEnd("cargo", ["test", "--locked", "--workspace", "--test", "serving", "--", "--ignored"],
      { environment: { LAMPYRIS_DEVNET: file }, quiet: true, timeoutMs: 540_000 });
    assert.equal(code, 0, output);
    assert.match(output, /test result: ok\. 1 passed/);
  } finally {
    await devnet.stop();
    rmSync(folder, { recursive: true });
  }
});
