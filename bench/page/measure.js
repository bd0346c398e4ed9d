// Measures the npm package in this page.

/**
 * Milliseconds from the import of the npm package until its client has a verified head. The client stays, so that it can be looked at.
 * @returns {Promise<number>}
 */
export async function clientStart() {
  const startedAt = performance.now();
  const [{ createClient }, config] = await Promise.all([import("/pkg/index.js"), fetch("/config.json").then((response) => response.json())]);
  const client = await createClient(config);
  await new Promise((resolve) => {
    client.addEventListener("status", ({ detail }) => detail.phase === "synced" && resolve(undefined));
    client.state().then(({ phase }) => phase === "synced" && resolve(undefined));
  });
  return performance.now() - startedAt;
}
