// What is proposed on the devnet: one proposal for each state that a page has to show.
import { encodeFunctionData, parseEther } from "viem";

export const VOTING_PERIOD_BLOCKS = 7200;

/** A vote's `support` in GovernorCountingSimple. */
export const AGAINST = 0;
export const FOR = 1;

/**
 * @typedef {object} Draft
 * @property {string} title
 * @property {"executed" | "defeated" | "queued" | "succeeded" | "active" | "canceled"} state it ends in
 * @property {`0x${string}`} target
 * @property {bigint} value
 * @property {`0x${string}`} calldata
 * @property {string} description its hash is part of the proposal's id
 */

/** Proposed while the voting period is short, so that they are decided at once. @returns {Draft[]} */
export function decidedProposals({ governor, token, accounts, abis }) {
  return [
    draft(
      "executed",
      "Vote for a day, not for three blocks",
      governor,
      0n,
      encodeFunctionData({ abi: abis.governor, functionName: "setVotingPeriod", args: [VOTING_PERIOD_BLOCKS] }),
      `Three blocks are too short for people. This sets the voting period to **${VOTING_PERIOD_BLOCKS} blocks**.`,
    ),
    draft(
      "defeated",
      "Give half of the treasury to one wallet",
      accounts[9].address,
      parseEther("50"),
      "0x",
      "Because I asked nicely.\n\n1. Send 50 ether.\n2. Ask no questions.",
    ),
    draft(
      "queued",
      "Pay the lighthouse keeper",
      accounts[4].address,
      parseEther("5"),
      "0x",
      "Five ether for a year of keeping the lamps lit.\n\n* paid once\n* from the treasury",
    ),
    draft(
      "succeeded",
      "Lend GLOW to new members",
      token,
      0n,
      encodeFunctionData({
        abi: abis.token,
        functionName: "transfer",
        args: [accounts[5].address, parseEther("1000")],
      }),
      "1,000 GLOW to account 5, who hands them on to whoever joins.",
    ),
  ];
}

/** Proposed once the voting period is long: open for as long as any test runs. @returns {Draft[]} */
export function openProposals({ token, accounts, abis }) {
  return [
    draft(
      "active",
      "Fund the glow-worm census",
      accounts[6].address,
      parseEther("12.5"),
      "0x",
      "## Why\n\nNobody knows how many there are. *Counting* them is the first step.\n\n" +
        "## What\n\n- 12.5 ether to account 6\n- a report after **one season**, see <https://example.org/census>\n\n" +
        "```\nbudget = 12.5 ETH\n```",
    ),
    draft(
      "active",
      HOSTILE_TITLE,
      token,
      0n,
      encodeFunctionData({
        abi: abis.token,
        functionName: "transfer",
        args: [accounts[7].address, parseEther("1")],
      }),
      HOSTILE_TEXT,
    ),
    draft(
      "canceled",
      "A proposal with a typo",
      accounts[8].address,
      parseEther("1"),
      "0x",
      "Withdrawn by its author: *one* ether, not ten.",
    ),
  ];
}

/** Must be shown inert: as text, with its direction marks made visible or harmless. */
const HOSTILE_TITLE = `Harmless <img src=x onerror="globalThis.hostileTextRan = true"> upgrade`;
const HOSTILE_TEXT = [
  `<script>globalThis.hostileTextRan = true</script><svg onload="globalThis.hostileTextRan = true">`,
  `[read more](javascript:globalThis.hostileTextRan=true) and <a href="javascript:globalThis.hostileTextRan=true">here</a>`,
  `<style>body { display: none }</style><iframe src="https://example.org/"></iframe>`,
  // RIGHT-TO-LEFT OVERRIDE, its end, an unclosed isolate, a zero-width space, and a null character.
  `Pays account \u202E0000-eno\u202C, \u2067never\u200Byou\u0000.`,
  "{{constructor.constructor('globalThis.hostileTextRan = true')()}} ${globalThis.hostileTextRan = true}",
].join("\n\n");

/** @returns {Draft} */
function draft(state, title, target, value, calldata, text) {
  return { state, title, target, value, calldata, description: `# ${title}\n\n${text}` };
}
