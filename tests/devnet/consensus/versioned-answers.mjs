// Light-client objects and blocks as the Beacon API sends them: as JSON or as SSZ, as the caller prefers.
import { SLOTS_PER_EPOCH } from "@lodestar/params";
import { negotiate, sendJson, sendSsz } from "../http.mjs";

const JSON_TYPE = "application/json";
const SSZ_TYPE = "application/octet-stream";

/** As JSON or as SSZ, with the fork's name. */
export function sendVersioned({ config }, request, response, typeName, { slot, data }, extra = {}) {
  const type = config.getForkTypes(slot)[typeName];
  const version = config.getForkName(slot);
  if (negotiate(request.headers.accept, [JSON_TYPE, SSZ_TYPE]) === SSZ_TYPE) {
    return sendSsz(response, type.serialize(data), version);
  }
  sendJson(response, { version, ...extra, data: type.toJson(data) }, { "eth-consensus-version": version });
}

/** SSZ lists are framed: length (8 bytes, little endian) of what follows, fork digest, object. */
export function sendUpdates({ config }, request, response, updates) {
  const versions = updates.map(({ slot }) => config.getForkName(slot));
  const typeOf = ({ slot }) => config.getForkTypes(slot).LightClientUpdate;
  if (negotiate(request.headers.accept, [JSON_TYPE, SSZ_TYPE]) === JSON_TYPE) {
    const list = updates.map((update, index) => ({
      version: versions[index],
      data: typeOf(update).toJson(update.data),
    }));
    return sendJson(response, list);
  }
  const frames = updates.map((update) => {
    const bytes = typeOf(update).serialize(update.data);
    const epoch = Math.floor(update.slot / SLOTS_PER_EPOCH);
    const digest = config.forkBoundary2ForkDigest(config.getForkBoundaryAtEpoch(epoch));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(digest.length + bytes.length));
    return Buffer.concat([length, digest, bytes]);
  });
  sendSsz(response, Buffer.concat(frames), [...new Set(versions)].join(","));
}
