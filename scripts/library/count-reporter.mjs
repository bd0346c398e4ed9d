/** A reporter for `node --test`: one line of JSON with how many tests passed and failed. */

/**
 * @param {AsyncIterable<{ type: string, data: { nesting?: number, message?: string } }>} events
 */
export default async function* countReporter(events) {
  const counts = { passed: 0, failed: 0 };
  for await (const { type, data } of events) {
    if (type !== 'test:diagnostic') continue;
    const [, kind, number] = data.message?.match(/^(pass|fail|cancelled) (\d+)$/) ?? [];
    if (kind === 'pass') counts.passed += Number(number);
    else if (kind !== undefined) counts.failed += Number(number);
  }
  yield JSON.stringify(counts);
}
