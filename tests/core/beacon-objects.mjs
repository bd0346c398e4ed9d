/**
 * Recorded light-client objects as a peer sends them: from the Beacon API's JSON to SSZ, framed by snappy. Only what the recordings need: one
 * fork's layout, and snappy's chunks that are not compressed.
 */

/** @typedef {any} Json */

/** @param {string} text hexadecimal digits */
const hex = (text) => Buffer.from(text.replace(/^0x/, ''), 'hex');

/** @param {string} decimal @param {number} [length] bytes, little-endian */
function number(decimal, length = 8) {
  const bytes = Buffer.alloc(length);
  let rest = BigInt(decimal);
  for (let index = 0; index < length; index += 1, rest >>= 8n) bytes[index] = Number(rest & 0xffn);
  return bytes;
}

/**
 * An SSZ container: fields in place, those that are marked variable behind an offset.
 * @param {(Buffer | { variable: Buffer })[]} fields
 */
function container(fields) {
  let end = fields.reduce((sum, field) => sum + (field instanceof Buffer ? field.length : 4), 0);
  const places = fields.map((field) => {
    if (field instanceof Buffer) return field;
    const offset = number(String(end), 4);
    end += field.variable.length;
    return offset;
  });
  return Buffer.concat([...places, ...fields.flatMap((field) => (field instanceof Buffer ? [] : [field.variable]))]);
}

/** @param {Json} beacon */
const beaconHeader = (beacon) => container([number(beacon.slot), number(beacon.proposer_index), hex(beacon.parent_root), hex(beacon.state_root), hex(beacon.body_root)]);

/** @param {Json} header of Capella */
function executionHeader(header) {
  return container([
    hex(header.parent_hash), hex(header.fee_recipient), hex(header.state_root), hex(header.receipts_root), hex(header.logs_bloom),
    hex(header.prev_randao), number(header.block_number), number(header.gas_limit), number(header.gas_used), number(header.timestamp),
    { variable: hex(header.extra_data) }, number(header.base_fee_per_gas, 32), hex(header.block_hash), hex(header.transactions_root),
    hex(header.withdrawals_root),
  ]);
}

/** @param {string[]} nodes */
const branch = (nodes) => Buffer.concat(nodes.map(hex));

/** @param {Json} header */
const lightClientHeader = (header) => ({
  variable: container([beaconHeader(header.beacon), { variable: executionHeader(header.execution) }, branch(header.execution_branch)]),
});

/** @param {Json} committee */
const syncCommittee = (committee) => Buffer.concat([...committee.pubkeys.map(hex), hex(committee.aggregate_pubkey)]);

/** @param {Json} aggregate */
const syncAggregate = (aggregate) => Buffer.concat([hex(aggregate.sync_committee_bits), hex(aggregate.sync_committee_signature)]);

/** @param {Json} bootstrap */
export const encodeBootstrap = (bootstrap) => container([
  lightClientHeader(bootstrap.header), syncCommittee(bootstrap.current_sync_committee), branch(bootstrap.current_sync_committee_branch),
]);

/** @param {Json} update */
export const encodeUpdate = (update) => container([
  lightClientHeader(update.attested_header), syncCommittee(update.next_sync_committee), branch(update.next_sync_committee_branch),
  lightClientHeader(update.finalized_header), branch(update.finality_branch), syncAggregate(update.sync_aggregate), number(update.signature_slot),
]);

/** @param {Json} update */
export const encodeFinalityUpdate = (update) => container([
  lightClientHeader(update.attested_header), lightClientHeader(update.finalized_header), branch(update.finality_branch),
  syncAggregate(update.sync_aggregate), number(update.signature_slot),
]);

/** @param {Json} update */
export const encodeOptimisticUpdate = (update) => container([
  lightClientHeader(update.attested_header), syncAggregate(update.sync_aggregate), number(update.signature_slot),
]);

/**
 * A chunk of a response: success, the fork's digest, the length, and a snappy stream.
 * @param {string} digest
 * @param {Buffer} ssz of at most 64 KiB
 */
export function responseChunk(digest, ssz) {
  return Buffer.concat([Buffer.from([0]), hex(digest), varint(ssz.length), Buffer.from('ff060000734e61507059', 'hex'),
    Buffer.from([1]), number(String(ssz.length + 4), 3), maskedChecksum(ssz), ssz]);
}

/** @param {number} value */
function varint(value) {
  const bytes = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}

/** @param {Buffer} data CRC-32C, masked as snappy's frame format says */
function maskedChecksum(data) {
  let checksum = ~0;
  for (const byte of data) {
    checksum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) checksum = (checksum >>> 1) ^ (0x82f63b78 & -(checksum & 1));
  }
  checksum = ~checksum >>> 0;
  const masked = (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
  return number(String(masked), 4);
}
