import assert from "node:assert/strict";
import { test } from "node:test";
import { byteLength, readCalldata } from "../../www/calldata.js";
import * as format from "../../www/format.js";
import { peerAddress } from "../../www/peers.js";
import { configured, overridesProblem } from "../../www/preferences.js";
import { formatRoute, parseRoute } from "../../www/route.js";
import { TEXT_LENGTH_MAX, firstLine, pieces } from "../../www/text.js";

const ETHER = 10n ** 18n;

test("amounts are read exactly", () => {
  /** @type {[string, bigint][]} */
  const cases = [
    ["1", ETHER],
    ["0.000000000000000001", 1n],
    [".5", ETHER / 2n],
    ["1.", ETHER],
    [" 2.50 ", (5n * ETHER) / 2n],
    ["0", 0n],
    ["123456789012345678901234567890.123456789012345678", 123456789012345678901234567890123456789012345678n],
  ];
  for (const [text, amount] of cases) assert.deepEqual(format.parseAmount(text, 18), { amount }, text);
});

test("what is no amount is refused with a reason", () => {
  for (const text of [
    "",
    ".",
    "1,5",
    "1 000",
    "-1",
    "+1",
    "1e3",
    "0x10",
    "١",
    "1.2.3",
    "NaN",
    "1.0000000000000000001",
    "9".repeat(101),
  ]) {
    const parsed = format.parseAmount(text, 18);
    assert.ok("error" in parsed && parsed.error.length > 0, text);
  }
  assert.ok("error" in format.parseAmount("1.5", 0));
});

test("amounts are written exactly, and read back the same", () => {
  assert.equal(format.formatAmount(0n, 18), "0");
  assert.equal(format.formatAmount(1n, 18), "0.000000000000000001");
  assert.equal(format.formatAmount(1234567n * ETHER + ETHER / 4n, 18), "1,234,567.25");
  assert.equal(format.formatAmount(-15n, 1), "−1.5");
  assert.equal(format.formatAmount(1234n, 0), "1,234");
  for (let seed = 1n; seed < 10n ** 40n; seed *= 7919n) {
    const written = format.formatAmount(seed, 18).replaceAll(",", "");
    assert.deepEqual(format.parseAmount(written, 18), { amount: seed });
  }
});

test("shortened amounts are cut, never rounded up", () => {
  assert.equal(format.formatAmountShort(1999999n * 10n ** 12n, 18, 2), "1.99");
  assert.equal(format.formatAmountShort(1n, 18, 2), "< 0.01");
  assert.equal(format.formatAmountShort(0n, 18, 2), "0");
  assert.equal(format.formatAmountShort(5n, 0, 2), "5");
});

test("parts of a whole, durations, bytes, ends of something long", () => {
  assert.equal(format.percentage(1n, 3n), 33.3);
  assert.equal(format.percentage(1n, 0n), null);
  assert.deepEqual([0, 59.9, 61, 3700, 90_000, 900_000].map(format.formatDuration), [
    "0 s",
    "59 s",
    "1 min 1 s",
    "1 h 1 min",
    "1 day",
    "10 days",
  ]);
  assert.deepEqual([0, 999, 1000, 999_949, 999_950, 5e9].map(format.formatBytes), [
    "0 B",
    "999 B",
    "1.0 kB",
    "999.9 kB",
    "1.0 MB",
    "5.0 GB",
  ]);
  assert.equal(format.shorten("0x1234567890abcdef1234"), "0x123456…ef1234");
  assert.equal(format.shorten("0x1234"), "0x1234");
  assert.equal(format.plural(1n, "vote"), "1 vote");
  assert.equal(format.plural(1200, "vote"), "1,200 votes");
});

test("the hash holds the place and what is typed", () => {
  const hash = formatRoute("accounts", { address: "0xAb", block: "finalized", to: "", amount: undefined });
  assert.equal(hash, "#/accounts?address=0xAb&block=finalized");
  assert.deepEqual(parseRoute(hash), { place: "accounts", parameters: { address: "0xAb", block: "finalized" } });
  assert.deepEqual(parseRoute(""), { place: "overview", parameters: {} });
  assert.deepEqual(parseRoute("#/nowhere?x=1"), { place: "overview", parameters: { x: "1" } });
  assert.deepEqual(parseRoute("#/network"), { place: "network", parameters: {} });
  const hostile = formatRoute("accounts", { address: "0x&block=latest#/settings?<b>" });
  assert.equal(parseRoute(hostile).parameters["address"], "0x&block=latest#/settings?<b>");
});

/** @param {string} text */
const shown = (text) =>
  pieces(text)
    .map(({ text, visible }) => (visible ? `[${text}]` : text))
    .join("");

test("text of others has no invisible power", () => {
  assert.equal(shown("safe\u202Egnp.exe\u202C"), "safe[U+202E]gnp.exe[U+202C]");
  assert.equal(shown("a\u200Bb\u0000c\u2066d\u{e0041}e\ud800f"), "a[U+200B]b[U+0000]c[U+2066]d[U+E0041]e[U+D800]f");
  assert.equal(shown("line\r\nline\tend"), "line\nline\tend");
  assert.equal(shown("👩‍🚀 ❤️ العربية"), "👩‍🚀 ❤️ العربية");
  assert.equal(shown("pay\u200dpal"), "pay[U+200D]pal");
  assert.equal(shown(`a${"\u0301".repeat(40)}b`), `a\u0301\u0301\u0301[37 more marks]b`);
  assert.equal(shown("<b>&amp;"), "<b>&amp;");
  assert.ok(shown("x".repeat(TEXT_LENGTH_MAX + 1)).endsWith(`[cut after ${TEXT_LENGTH_MAX} characters]`));
});

test("a proposal's first line is its title", () => {
  assert.equal(firstLine("\n\n## Fund it\nmore"), "Fund it");
  assert.equal(firstLine(""), "");
  assert.equal(firstLine("x".repeat(500)).length, 160);
});

test("well-known calls are read, and only where they fit exactly", () => {
  const to = "ab".repeat(20);
  const call = `0xa9059cbb${"00".repeat(12)}${to}${25n.toString(16).padStart(64, "0")}`;
  assert.equal(readCalldata(call), `transfer(0x${to}, 25)`);
  assert.equal(readCalldata(`${call}00`), null);
  assert.equal(readCalldata(call.replace("bb000000", "bb010000")), null, "an address has twelve zero bytes before it");
  assert.equal(readCalldata("0x12345678"), null);
  assert.equal(readCalldata("0x"), null);
  assert.equal(byteLength(call), 68);
  assert.equal(byteLength("0x"), 0);
});

test("where a peer is", () => {
  assert.equal(
    peerAddress("/ip4/127.0.0.1/udp/9100/webrtc-direct/certhash/uEi/p2p/12D3"),
    "127.0.0.1:9100 · webrtc-direct",
  );
  assert.equal(peerAddress("/ip6/::1/udp/9100/webrtc-direct"), "[::1]:9100 · webrtc-direct");
  assert.equal(peerAddress("/dns4/a.example/tcp/443/wss/p2p/12D3"), "a.example:443 · wss");
  assert.equal(peerAddress("/p2p/12D3Koo/webrtc/p2p/12D3"), "introduced by 12D3Koo");
  assert.equal(peerAddress("/p2p/12D3Koo/p2p-circuit/webrtc/p2p/12D3"), "called through 12D3Koo");
  assert.equal(peerAddress("nonsense"), "nonsense");
});

test("what the user chose goes over what was served, and another network brings nothing along", () => {
  const served = {
    network: "mainnet",
    checkpoint: "0x01",
    gateways: ["/a"],
    tokens: [{ address: "0x" }],
    watch: [{ label: "x", address: "0x" }],
    note: "Replay",
  };
  assert.deepEqual(configured(served, { network: "", checkpoint: "", gateways: [] }), served);
  assert.equal(configured(served, { network: "", checkpoint: "0x02", gateways: [] }).checkpoint, "0x02");
  const other = configured(served, { network: "hoodi", checkpoint: "0x02", gateways: ["/b"] });
  assert.deepEqual(
    [other.network, other.tokens, other.watch, other.note, other.gateways],
    ["hoodi", [], [], null, ["/b"]],
  );
});

test("a choice that cannot work is refused with a reason", () => {
  const root = `0x${"1a".repeat(32)}`;
  const gateway = "/ip4/1.2.3.4/udp/9100/webrtc-direct/certhash/uEi/p2p/12D3KooW";
  assert.equal(overridesProblem({ network: "", checkpoint: "", gateways: [] }), null);
  assert.equal(overridesProblem({ network: "hoodi", checkpoint: root, gateways: [gateway] }), null);
  assert.match(overridesProblem({ network: "", checkpoint: "0x12", gateways: [] }) ?? "", /64/);
  assert.match(overridesProblem({ network: "", checkpoint: "", gateways: ["http://x"] }) ?? "", /http:\/\/x/);
  assert.match(overridesProblem({ network: "hoodi", checkpoint: root, gateways: [] }) ?? "", /own/);
});
