// The ten accounts of the public mnemonic that development tools share. Never use them elsewhere.
import { mnemonicToAccount } from "viem/accounts";
import { toHex } from "viem";

export const MNEMONIC = "test test test test test test test test test test test junk";
const ACCOUNTS = 10;

/** @typedef {{ address: `0x${string}`, privateKey: `0x${string}` }} Account */

/** @returns {Account[]} */
export function devAccounts() {
  return Array.from({ length: ACCOUNTS }, (_, addressIndex) => {
    const account = mnemonicToAccount(MNEMONIC, { addressIndex });
    const privateKey = account.getHdKey().privateKey;
    if (!privateKey) throw new Error("a key derived from a mnemonic is private");
    return { address: account.address, privateKey: toHex(privateKey) };
  });
}
