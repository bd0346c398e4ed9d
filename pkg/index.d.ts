/**
 * Lampyris: a light client for Ethereum in a browser tab.
 *
 * Units: amounts are `bigint` in the smallest unit (wei, or a token's own), times are unix seconds unless the name ends in `Ms`,
 * bytes, addresses and hashes are `0x…` strings in lower case, but the vault's own addresses, which carry their EIP-55 checksum (addresses
 * may be given in any case; a mixed one must have a valid checksum). Results are plain objects that survive `structuredClone`.
 *
 * Tabs of one origin with the same configuration share one client: one of them leads, and all methods and events are the same in each. When it
 * goes, another takes over within a second or two. What was asked is then asked again; `createAccount`, `removeAccount`, `send`,
 * `forgetTransaction` and `castVote`, which may not be repeated, throw `unavailable` instead.
 *
 * Every method may throw a {@link ClientError}, and takes an `AbortSignal` as last argument, which ends the wait and not the work.
 */

/** A 20-byte address: `0x` and 40 hexadecimal digits. */
export type Address = string;
/** 32 bytes: `0x` and 64 hexadecimal digits. */
export type Hash = string;
/** Bytes of any length: `0x` and hexadecimal digits. */
export type Hex = string;

/**
 * Starts a client and resolves when its core is ready; connecting and syncing go on from there, told by `status` events. While a promise of
 * the configuration is pending, the core is being loaded; its rejection is passed on as it is.
 *
 * @throws {ClientError} `invalid_argument`: the configuration is wrong; `unavailable`: no storage, or a file of the package
 * could not be loaded; `crashed`
 */
export function createClient(config: Config | Promise<Config>, options?: ClientOptions): Promise<Client>;

/**
 * Forgets everything stored for a network: the verified state, pending transactions **and the vault of keys**. Close the client first.
 */
export function removeStoredState(config: Config): Promise<void>;

/** What a client is started with. */
export interface Config {
  /** A built-in network, or the description of any other. */
  network: "mainnet" | "sepolia" | "hoodi" | NetworkDescription;
  /** Root of a recent finalized beacon block. All trust starts here: take it from a source that you trust. */
  checkpoint: Hash;
  /**
   * Multiaddresses of gateways, at most 32 of them: `/ip4/…/udp/…/webrtc-direct/certhash/…/p2p/…`, and for where UDP is blocked, beside it,
   * `/dns4/…/tcp/443/wss/p2p/…` of the same one. Without TLS, as `/ws/`, only this machine can be reached.
   */
  gateways: string[];
  /**
   * Whether to look for gateways beyond these, when few are reached: by the signed records that peers hand on. True unless said otherwise.
   */
  discovery?: boolean;
  /** Tokens whose balances can be proven. */
  tokens?: Token[];
  /** Governors whose proposals can be proven. */
  governors?: Governor[];
  /** Chain time stands still at this moment; for replays of recorded chains. */
  fixedClockUnixMs?: number | null;
}

/** A network that is not built in; the format of `network.json`. */
export interface NetworkDescription {
  name: string;
  chainId: number;
  preset: "mainnet" | "minimal";
  genesisTime: number;
  genesisValidatorsRoot: Hash;
  slotDurationMs: number;
  /** Forks in order; one that is not scheduled is left out. */
  forks: { name: string; version: Hex; epoch: number }[];
  blobSchedule: { epoch: number; maxBlobsPerBlock: number }[];
}

/** An ERC-20 token with `mapping(address => uint256)` balances at a known storage slot. */
export interface Token {
  address: Address;
  symbol: string;
  name?: string;
  decimals: number;
  balanceSlot: number;
}

/** A governor with a known storage layout. */
export interface Governor {
  address: Address;
  /** The token that carries the votes. */
  token: Address;
  name: string;
  layout: string;
}

/** What the surroundings need. */
export interface ClientOptions {
  /**
   * Makes the module worker of `lampyris/core-worker.js`; for bundlers that want to see `new Worker(new URL(…))` in your source. Where
   * Trusted Types are enforced and this is not given, the policy `lampyris` must be allowed.
   */
  createWorker?: () => Worker;
  /**
   * Whether this tab shares one client with the other tabs of its origin that were started with the same configuration: default true.
   * With false, and where the browser has no Web Locks or `BroadcastChannel`, it connects for itself.
   */
  share?: boolean;
  /**
   * The list of gateways as it is now, the same addresses as in `Config.gateways`: asked for while nobody can be reached, once a minute at most.
   */
  fetchGateways?: () => Promise<string[]>;
}

/** Where the client stands. */
export interface Status {
  /**
   * `synced`: numbers are current. `ageing`: the newest verified head is older than it should be. `stale_checkpoint`: the checkpoint is too
   * old to be trusted, give a newer one.
   */
  phase: "connecting" | "syncing" | "synced" | "ageing" | "stale_checkpoint";
  network: string;
  /** A sentence for people. */
  message: string;
  /** The newest verified head, attested by the sync committee. */
  optimistic: Head | null;
  /** The newest verified head that cannot be reverted without slashing a third of the stake. */
  finalized: Head | null;
  peers: Peer[];
  /** Chain time in milliseconds: the clock, or a replay's fixed one. */
  now: number;
  checkpoint: Hash;
  /** While syncing: sync-committee periods done and to do. */
  progress: { period: number; target: number } | null;
  /** From the start until the first verified head. */
  firstHeadMs: number | null;
  /** From the first connection until the first gossip message. */
  firstGossipMs: number | null;
  /** `leader`: this tab has the connections, the core and the open keys; `follower`: another tab of the origin has. */
  role: "leader" | "follower";
  /** How many tabs follow the leader. */
  followers: number;
  /** What was given to other peers of what had been verified here, since the connections were opened. */
  servedBytes: number;
}

/** A verified head. */
export interface Head {
  slot: number;
  blockNumber: number;
  blockHash: Hash;
  /** Unix seconds. */
  timestamp: number;
  finality: Finality;
  ageSeconds: number;
  /** How many of the sync committee signed, of how many. */
  participation: number;
  participationOf: number;
  /** Id of the peer that sent it first. */
  supplier: string;
}

/** `optimistic`: signed by the sync committee; `finalized`: finalized on top of that. */
export type Finality = "optimistic" | "finalized";

/** A peer, also one that is gone or was dropped. */
export interface Peer {
  id: string;
  /** Its multiaddress; of a tab that was introduced `/p2p/NEIGHBOUR/webrtc/p2p/PEER`. */
  address: string;
  /** By how it was reached: it has an address and serves, or it is a tab like this one. */
  kind: "gateway" | "tab";
  state: "connecting" | "connected" | "dropped" | "gone";
  /** When it entered its state, in unix milliseconds. */
  since: number;
  requests: number;
  /** Received. */
  bytes: number;
  latencyMs: number | null;
  /** What it did wrong; `at` in unix milliseconds. */
  faults: Misdeed[];
  /** Why it was dropped or is gone. */
  reason: string | null;
  /** Gossip messages received from it. */
  gossip: number;
}

/** One wrong that a peer did. */
export interface Misdeed {
  kind: "lied" | "stale" | "silent" | "oversized";
  message: string;
  at: number;
}

/** What an answer was proven against, by whose bytes, and what was checked. */
export interface Proof {
  blockHash: Hash;
  blockNumber: number;
  slot: number;
  finality: Finality;
  ageSeconds: number;
  /** Ids of the peers that sent the bytes. None of them was believed. */
  peers: string[];
  /** What was checked, in short sentences. */
  checked: string[];
}

/** A value with the proof that it was checked against. */
export interface Proven<T> {
  value: T;
  proof: Proof;
}

/** The block that an answer is asked for. `finalized` is never answered from an optimistic head. */
export interface BlockOptions {
  /** Default: `latest`. */
  block?: "latest" | "finalized";
}

export interface Balance {
  wei: bigint;
  nonce: bigint;
  isContract: boolean;
  /** Size of the contract's code where it was fetched and checked; else null. */
  codeBytes: number | null;
}

export interface TokenBalance {
  amount: bigint;
  decimals: number;
  symbol: string;
}

/** An account of the vault. */
export interface Account {
  address: Address;
  locked: boolean;
}

export interface Transfer {
  from: Address;
  to: Address;
  /** Wei. */
  value: bigint;
}

/** What a transfer costs, from the proven base fee. In wei, but `gasLimit`. */
export interface Quote {
  gasLimit: bigint;
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
  /** Value and fees together, at most. */
  maxCost: bigint;
}

/** A transaction of one of the vault's accounts. It is kept over reloads, re-sent, and followed until its receipt is proven. */
export interface TransactionStatus {
  hash: Hash;
  from: Address;
  to: Address;
  value: bigint;
  kind: "transfer" | "vote";
  /** `included`: its receipt is proven; `final`: in a finalized block. */
  stage: "signed" | "sent" | "included" | "final" | "failed";
  /** A sentence for people. */
  message: string;
  /** Unix milliseconds. */
  createdAt: number;
  blockNumber: number | null;
  /** Whether it did not revert; null until its receipt is proven. */
  success: boolean | null;
  proof: Proof | null;
  /** Of kind `vote`. */
  vote: CastVote | null;
}

export interface CastVote {
  governor: Address;
  proposalId: Hash;
  support: Support;
  /** What it weighed by the proven receipt; null until then. */
  weight: bigint | null;
  /** Whether the governor's proven storage says that it counted. */
  counted: boolean;
}

/** 0: against, 1: for, 2: abstain. */
export type Support = 0 | 1 | 2;

export interface Proposal {
  id: Hash;
  state: "pending" | "active" | "canceled" | "defeated" | "succeeded" | "queued" | "expired" | "executed";
  proposer: Address;
  /** Block at whose end voting power is measured. */
  snapshot: number;
  /** Last block of the vote. */
  deadline: number;
  forVotes: bigint;
  againstVotes: bigint;
  abstainVotes: bigint;
  quorum: bigint;
  /** Votes in existence at the snapshot. */
  totalSupply: bigint;
  /** Whether the snapshot has passed; before, `quorum` and `totalSupply` are those of now. */
  isSettled: boolean;
  /** The text whose hash is in the proposal; null if no peer has it. It was written by the proposer: show it as text only. */
  description: string | null;
  actions: Action[];
  /** It does more than `actions` says: they are too many or too large to be read. */
  actionsTooLarge: boolean;
}

/** A governor's newest proposals. */
export interface Proposals extends Proven<Proposal[]> {
  /** Whether it is proven that there are no others. */
  complete: boolean;
  /** How many there are, proven. */
  total: number;
}

export interface Action {
  target: Address;
  /** Wei. */
  value: bigint;
  calldata: Hex;
}

export interface ClientEventMap {
  /** The status: after any change, and once a second. */
  status: CustomEvent<Status>;
  /** A new head was verified. */
  head: CustomEvent<Head>;
  /** A transaction went on. */
  transaction: CustomEvent<TransactionStatus>;
  /** The vault's accounts, after one was made, removed, opened or locked, in this tab or another, and after another tab took over. */
  accounts: CustomEvent<Account[]>;
  /** One of the two wasm instances crashed; the client restarts it from the stored state, at most 3 times within a minute. */
  crashed: CustomEvent<{ part: "core" | "net"; message: string; restarting: boolean }>;
}

/** A light client. Make one with {@link createClient}. */
export class Client extends EventTarget {
  private constructor();

  state(signal?: AbortSignal): Promise<Status>;

  /** Ether, nonce and kind of an account; an account that does not exist is proven to be empty. */
  balance(address: Address, options?: BlockOptions, signal?: AbortSignal): Promise<Proven<Balance>>;
  /** Balance of one of the configured tokens. */
  tokenBalance(token: Address, owner: Address, options?: BlockOptions, signal?: AbortSignal): Promise<Proven<TokenBalance>>;

  accounts(signal?: AbortSignal): Promise<Account[]>;
  /** Makes a key in the vault; it is unlocked. */
  createAccount(passphrase: string, signal?: AbortSignal): Promise<Account>;
  /** Takes a 32-byte private key into the vault; it is unlocked. */
  importAccount(privateKey: Hex, passphrase: string, signal?: AbortSignal): Promise<Account>;
  /**
   * Opens an account in all tabs of the origin, until the tab that opened it, or the one that leads, is closed or left.
   * @throws {ClientError} `wrong_passphrase`
   */
  unlock(address: Address, passphrase: string, signal?: AbortSignal): Promise<Account>;
  lock(address: Address, signal?: AbortSignal): Promise<void>;
  /** Forgets a key for ever. */
  removeAccount(address: Address, signal?: AbortSignal): Promise<void>;

  /** What a transfer would cost now. */
  quote(transfer: Transfer, signal?: AbortSignal): Promise<Proven<Quote>>;
  /**
   * Signs a transfer, stores it and sends it; resolves as soon as it is sent. Follow it by `transaction` events.
   * @throws {ClientError} `locked`, `insufficient_funds`, `refused`
   */
  send(transfer: Transfer, signal?: AbortSignal): Promise<TransactionStatus>;
  /** All transactions that are kept, newest first. */
  transactions(signal?: AbortSignal): Promise<TransactionStatus[]>;
  /** Keeps it no longer; a sent one may still be included. */
  forgetTransaction(hash: Hash, signal?: AbortSignal): Promise<void>;

  governors(signal?: AbortSignal): Promise<Omit<Governor, "layout">[]>;
  proposals(governor: Address, options?: BlockOptions, signal?: AbortSignal): Promise<Proposals>;
  /** A voter's power at a proposal's snapshot. */
  votingPower(governor: Address, proposalId: Hash, voter: Address, signal?: AbortSignal): Promise<Proven<VotingPower>>;
  /**
   * Casts a vote by transaction; followed like a transfer, until it is proven counted.
   * @throws {ClientError} `locked`, `insufficient_funds`, `refused`
   */
  castVote(vote: { from: Address; governor: Address; proposalId: Hash; support: Support }, signal?: AbortSignal): Promise<TransactionStatus>;

  /** Ends this tab's client: if it leads, connections and worker, and another tab takes over; the accounts that it opened are locked. */
  close(): Promise<void>;

  addEventListener<K extends keyof ClientEventMap>(
    type: K,
    listener: (event: ClientEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof ClientEventMap>(
    type: K,
    listener: (event: ClientEventMap[K]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void;
}

export interface VotingPower {
  power: bigint;
  hasVoted: boolean;
  /** Whether the snapshot has passed; before, `power` is that of now and can change. */
  isSettled: boolean;
}

/**
 * `not_synced`: no verified head yet. `no_peers`: nobody is connected. `unavailable`: no peer could answer; try later.
 * `peer_misbehaved`: all that answered sent something false. `invalid_argument`, `locked`, `wrong_passphrase`, `insufficient_funds`: yours.
 * `refused`: the network refused the transaction. `stale_checkpoint`: give a newer one. `crashed`, `bug`: ours.
 */
export type ErrorCode =
  | "not_synced"
  | "no_peers"
  | "unavailable"
  | "peer_misbehaved"
  | "invalid_argument"
  | "locked"
  | "wrong_passphrase"
  | "insufficient_funds"
  | "refused"
  | "stale_checkpoint"
  | "crashed"
  | "bug";

/** Whose fault: `peer` (it is dropped), `unavailable` (nobody's, try later), `caller`, `bug` (ours). */
export type Fault = "peer" | "unavailable" | "caller" | "bug";

/** What every method throws. */
export class ClientError extends Error {
  constructor(code: ErrorCode, message: string, options?: { fault?: Fault; details?: unknown });
  readonly name: "ClientError";
  readonly code: ErrorCode;
  readonly fault: Fault;
  readonly details: unknown;
}
