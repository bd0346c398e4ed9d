/** What the hand-written modules expect of the two generated ones, so that they can be checked before those are built. */

import type { Config } from "./index.d.ts";
import type { Method } from "./methods.js";

/** `generated/lampyris_core.js`. */
export interface CoreModule {
  default(options: { module_or_path: WebAssembly.Module }): Promise<unknown>;
  Core: new (config: Config, host: Host) => Core;
}

/** The verifying core; lives in the worker. */
export type Core = {
  /** Resolves when the stored state is loaded and the core follows the chain. */
  start(): Promise<void>;
  onNetEvent(event: NetEvent): void;
} & Record<Method, (...args: unknown[]) => Promise<unknown>>;

/** What the core is given by the worker. */
export interface Host {
  request(peer: string, protocol: string, body: Uint8Array, timeoutMs: number, number: number): Promise<Uint8Array>;
  keep(number: number): void;
  dial(address: string): void;
  disconnect(peer: string, reason: string): void;
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  report(messageId: Uint8Array, peer: string, verdict: Verdict): void;
  load(key: string): Promise<Uint8Array | undefined>;
  store(key: string, value: Uint8Array | undefined): Promise<void>;
  keys(prefix: string): Promise<string[]>;
  emit(event: CoreEvent): void;
  sleep(ms: number): Promise<void>;
}

export type Verdict = "accept" | "ignore" | "reject";

/** News of the core, for the page. */
export interface CoreEvent {
  type: "status" | "head" | "transaction";
  detail: unknown;
}

/** `generated/lampyris_net.js`. */
export interface NetModule {
  default(): Promise<unknown>;
  Swarm: new (
    config: { topics?: string[]; tabs?: number },
    onEvent: (event: NetEvent | { type: "closed"; reason: string } | { type: "records" }) => void,
  ) => NetSwarm;
}

/** The swarm of peers; lives on the page's thread. */
export interface NetSwarm {
  dial(address: string): void;
  disconnect(peer: string, reason: string): void;
  /** What was asked with a number is served to other peers when {@link keep} has said that its answer is true. */
  request(peer: string, protocol: string, body: Uint8Array, timeoutMs: number, number?: number): Promise<Uint8Array>;
  keep(number: number): void;
  readonly servedBytes: number;
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  publish(topic: string, data: Uint8Array): Promise<void>;
  report(messageId: Uint8Array, peer: string, verdict: Verdict): void;
  /** Signed records of gateways, verified; a `records` event tells that they have changed. */
  records(): PeerRecord[];
  /** Takes a record of before, if it is genuine. */
  remember(envelope: Uint8Array): void;
  forget(peer: string): void;
  close(): void;
}

/** Where a gateway says that it is. */
export interface PeerRecord {
  peer: string;
  addresses: string[];
  envelope: Uint8Array;
}

/** News of the swarm, for the core. `resumed`: connections may be gone and time has passed; dial again. */
export type NetEvent =
  | { type: "connected"; peer: string; address: string; kind: "gateway" | "tab" }
  | { type: "disconnected"; peer: string; reason: string }
  | { type: "dial_failed"; address: string; reason: string }
  | { type: "gossip"; peer: string; messageId: Uint8Array; topic: string; data: Uint8Array }
  | { type: "resumed" };
