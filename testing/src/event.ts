/** A valid event as a client sends it, with what a test wants otherwise. Each `seq` has an id of its own. */
export function someEvent(change: { seq?: number; [field: string]: unknown } = {}) {
  const { seq = 0 } = change;
  return {
    event_id: `01938d2e-7c1a-7000-8000-${String(seq).padStart(12, '0')}`,
    event: 'clicked_review',
    page: 'books',
    event_time: '2026-11-23T08:00:00.000Z',
    visitor_id: 'v1',
    session_id: 's1',
    stream_id: 't1',
    seq,
    os: 'linux',
    device: 'desktop',
    sdk: 'curl/8.0',
    ...change,
  };
}
