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
    // An empty request asks whether the batch is there.
    const answer = bytes > 0 ? { accepted: markers.length, duplicates: 0, rejected: [] } : { known };
    return { status: 200, body: JSON.stringify({ time: Date.now(), batch, ...answer }), type: 'application/json' };
  },
};
