// Produces the block of each slot: at full speed while slots lie in the past, by the clock afterwards.
import { setTimeout as sleep } from "node:timers/promises";
import { SLOTS_PER_EPOCH } from "@lodestar/params";
import { toHex } from "./hex.mjs";

/** In a row; a single failure happens when the machine stalls. */
const FAILURES_MAX = 10;
const HOLD_POLL_MS = 5;

/**
 * @param {import("./beacon-chain.mjs").BeaconChain} chain
 * @param {import("./control.mjs").Control} control
 * @param {{ genesisTime: number, slotSeconds: number }} clock
 * @param {(topic: string, data: object) => void} emit
 * @returns {Promise<never>}
 */
export async function runSlots(chain, control, { genesisTime, slotSeconds }, emit) {
  let failures = 0;
  for (let slot = 1; ; slot++) {
    while (control.holdAtSlot !== null && slot > control.holdAtSlot) await sleep(HOLD_POLL_MS);
    await sleep(Math.max(0, (genesisTime + slot * slotSeconds) * 1000 - Date.now()));
    if (control.paused || slot < control.skipUntil) continue;
    try {
      announce(chain, await chain.produceBlock(slot, control), emit);
      failures = 0;
    } catch (error) {
      console.error(`slot ${slot}:`, error);
      const isAwaited = control.holdAtSlot !== null; // somebody counts on this very block
      if (isAwaited || ++failures >= FAILURES_MAX) throw error;
    }
  }
}

function announce(chain, { block, root, optimistic, finality }, emit) {
  const slot = String(block.slot);
  emit("block", { slot, block: toHex(root), execution_optimistic: false });
  emit("head", {
    slot,
    block: toHex(root),
    state: toHex(block.stateRoot),
    epoch_transition: block.slot % SLOTS_PER_EPOCH === 0,
    execution_optimistic: false,
  });
  if (block.slot % SLOTS_PER_EPOCH === 0) logEpoch(chain, block);
  const { lightClient, config } = chain;
  if (optimistic) emitUpdate("LightClientOptimisticUpdate", "optimistic", lightClient.optimisticUpdate);
  if (finality) emitUpdate("LightClientFinalityUpdate", "finality", lightClient.finalityUpdate);

  function emitUpdate(type, name, update) {
    emit(`light_client_${name}_update`, {
      version: config.getForkName(update.slot),
      data: config.getForkTypes(update.slot)[type].toJson(update.data),
    });
  }
}

function logEpoch(chain, block) {
  const { blockNumber, transactions } = block.body.executionPayload;
  const megabytes = Math.round(process.memoryUsage().rss / 1e6);
  console.log(
    `slot ${block.slot}, execution block ${blockNumber} with ${transactions.length} transactions,`,
    `finalized epoch ${chain.finalizedCheckpoint.epoch}, ${megabytes} MB`,
  );
}
