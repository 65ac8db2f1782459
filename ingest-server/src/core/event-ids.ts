/** The ids of the events in JSON Lines; what is no event has none. */
export function eventIdsOf(data: Uint8Array): string[] {
  const ids: string[] = [];
  for (const line of Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString().split('\n')) {
    try {
      const id = (JSON.parse(line) as { event_id?: unknown } | null)?.event_id;
      if (typeof id === 'string') ids.push(id);
    } catch {
      // Something else puts into the stream, too.
    }
  }
  return ids;
}
