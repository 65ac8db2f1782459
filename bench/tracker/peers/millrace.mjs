/** Ours, as its README says to paste it: the script tag, nothing configured. */
export const millrace = {
  id: 'millrace',
  name: 'Millrace',
  ours: true,
  durable: true,
  configuration: 'the script tag with `data-key` and `data-endpoint`; the page view as by default',
  answer({ markers, params, bytes, memory }) {
    const batch = params.get('batch');
    const known = memory.has(batch);
    if (bytes > 0) memory.add(batch);
    // What a proxy has mangled cannot be read.
    if (bytes > 0 && markers.length === 0) {
      memory.delete(batch);
      return {
        status: 400,
        body: JSON.stringify({
          time: Date.now(),
          batch,
          error: { code: 'unreadable' },
          message: 'the body is not gzip',
        }),
        type: 'application/json',
      };
    }
    // An empty request asks whether the batch is there.
    const answer = bytes > 0 ? { accepted: markers.length, duplicates: 0, rejected: [] } : { known };
    return { status: 200, body: JSON.stringify({ time: Date.now(), batch, ...answer }), type: 'application/json' };
  },
};
