import { gunzipSync } from 'node:zlib';

/** How many events a body has, as our server counts them; undefined for one that cannot be read. */
function eventsIn(body) {
  const isGzip = body[0] === 0x1f && body[1] === 0x8b;
  if (!isGzip && body[0] !== 0x7b) return undefined;
  const lines = (isGzip ? gunzipSync(body) : body).toString('utf8').split('\n');
  // An envelope is no event.
  return lines.filter((line) => line !== '' && !line.startsWith('{"key":')).length;
}

/** Ours, as its README says to paste it: the script tag, nothing configured. */
export const millrace = {
  id: 'millrace',
  name: 'Millrace',
  ours: true,
  durable: true,
  configuration: 'the script tag with `data-key` and `data-endpoint`; the page view as by default',
  answer({ params, body, memory }) {
    const batch = params.get('batch');
    const known = memory.has(batch);
    const answer = (status, says) => ({
      status,
      body: JSON.stringify({ time: Date.now(), batch, ...says }),
      type: 'application/json',
    });
    // An empty request asks whether the batch is there.
    if (body.length === 0) return answer(200, { known });
    const accepted = eventsIn(body);
    if (accepted === undefined) return answer(400, { error: { code: 'unreadable' }, message: 'the body is not gzip' });
    memory.add(batch);
    return answer(200, { accepted, duplicates: 0, rejected: [] });
  },
};
