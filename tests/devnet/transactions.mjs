// Signs and sends the devnet's first transactions, and decides into which block each group goes.
import { setTimeout as sleep } from "node:timers/promises";
import { privateKeyToAccount } from "viem/accounts";
import { encodeFunctionData, parseGwei } from "viem";
import { jsonRpc } from "./json-rpc.mjs";

const GAS_PER_CALL = 1_500_000n;
export const GAS_PER_DEPLOYMENT = 7_000_000n;
const INCLUSION_MS_MAX = 20_000;
const POLL_MS = 10;

/** @typedef {{ to?: `0x${string}`, data?: `0x${string}`, value?: bigint, gas?: bigint }} Call */

/**
 * @param {string} executionUrl
 * @param {number} chainId
 * @param {import("./accounts.mjs").Account[]} accounts
 * @param {(slot: number) => Promise<unknown>} produceUntil lets the chain go on up to a slot
 * @param {number} firstSlot
 */
export function transactionSender(executionUrl, chainId, accounts, produceUntil, firstSlot) {
  const signers = accounts.map(({ privateKey }) => privateKeyToAccount(privateKey));
  const nonces = accounts.map(() => 0);
  let slot = firstSlot;

  /** @param {number} account its index @param {Call} call */
  async function submit(account, { to, data, value = 0n, gas = GAS_PER_CALL }) {
    const raw = await signers[account].signTransaction({
      type: "eip1559",
      chainId,
      nonce: nonces[account]++,
      maxFeePerGas: parseGwei("20"),
      maxPriorityFeePerGas: parseGwei("1"),
      gas,
      to,
      data,
      value,
    });
    return jsonRpc(executionUrl, "eth_sendRawTransaction", [raw]);
  }

  return {
    /** The slot, and execution block, of the next group. */
    get slot() {
      return slot;
    },
    /**
     * Sends a group of transactions, all of which succeed in the next block.
     * @param {[account: number, call: Call][]} calls
     */
    async nextBlock(calls = []) {
      const hashes = [];
      for (const [account, call] of calls) hashes.push(await submit(account, call));
      await produceUntil(slot);
      const deadline = Date.now() + INCLUSION_MS_MAX;
      await until(
        deadline,
        `block ${slot}`,
        () => jsonRpc(executionUrl, "eth_blockNumber", []),
        (number) => Number(number) >= slot,
      );
      for (const hash of hashes) await assertIncluded(executionUrl, hash, slot, deadline);
      slot += 1;
    },
  };
}

/** @param {any[]} abi @param {`0x${string}`} to @param {string} functionName @param {unknown[]} args @returns {Call} */
export const contractCall = (abi, to, functionName, args) => ({
  to,
  data: encodeFunctionData({ abi, functionName, args }),
});

/** @param {string} executionUrl @param {string} hash @param {number} block @param {number} deadline */
async function assertIncluded(executionUrl, hash, block, deadline) {
  /** @type {any} */
  const receipt = await until(
    deadline,
    `the receipt of ${hash}`,
    () => jsonRpc(executionUrl, "eth_getTransactionReceipt", [hash]),
    Boolean,
  );
  if (receipt.status !== "0x1") throw new Error(`transaction ${hash} failed in block ${block}`);
  if (Number(receipt.blockNumber) !== block) {
    throw new Error(`transaction ${hash}: expected in block ${block}, got ${Number(receipt.blockNumber)}`);
  }
}

/**
 * @template T @param {number} deadline @param {string} what
 * @param {() => Promise<T>} ask @param {(answer: T) => boolean} isThere
 */
async function until(deadline, what, ask, isThere) {
  for (;;) {
    const answer = await ask();
    if (isThere(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`${what} did not come`);
    await sleep(POLL_MS);
  }
}
