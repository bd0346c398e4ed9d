// The Beacon API's event stream: server-sent events by topic.

/** Events kept for a slow reader before it is disconnected. */
const PENDING_BYTES_MAX = 1_000_000;

export class EventStream {
  /** @type {Set<{ response: import("node:http").ServerResponse, topics: Set<string> }>} */
  #subscribers = new Set();

  /** @param {import("node:http").ServerResponse} response @param {string[]} topics */
  subscribe(response, topics) {
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-cache",
      "access-control-allow-origin": "*",
    });
    response.flushHeaders();
    const subscriber = { response, topics: new Set(topics) };
    this.#subscribers.add(subscriber);
    response.on("close", () => this.#subscribers.delete(subscriber));
  }

  /** @param {string} topic @param {object} data */
  emit(topic, data) {
    const text = `event: ${topic}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const { response, topics } of this.#subscribers) {
      if (topics.has(topic)) write(response, text);
    }
  }

  /** Shows readers that the connection lives. @param {string} text */
  comment(text) {
    for (const { response } of this.#subscribers) write(response, `: ${text}\n\n`);
  }
}

/** @param {import("node:http").ServerResponse} response @param {string} text */
function write(response, text) {
  if (response.writableLength > PENDING_BYTES_MAX) response.destroy();
  else response.write(text);
}
