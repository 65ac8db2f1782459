/** `['08:01:02', '.123']`, on this machine's clock: narrow screens leave the fraction out. */
export function timeParts(at) {
  const date = new Date(at);
  const two = (number) => String(number).padStart(2, '0');
  return [
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`,
    `.${String(date.getMilliseconds()).padStart(3, '0')}`,
  ];
}

export function time(at) {
  return timeParts(at).join('');
}

/** 84 ms, 2.1 s, 1 min 4 s. Steps seen in the wrong order are 0 ms apart. */
export function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}

/** shardId-000000000003 → shard 3 */
export function shortShard(shardId = '') {
  const number = /^shardId-0*(\d+)$/.exec(shardId)?.[1];
  return number === undefined ? shardId : `shard ${number}`;
}

/** The end of an object's name: its folder stands in the row already. */
export function shortKey(key = '') {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return name.length > 18 ? `…${name.slice(-17)}` : name;
}

export const whole = new Intl.NumberFormat('en-IE', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en-IE', { maximumFractionDigits: 1 });

export function rate(perSecond) {
  return (perSecond < 10 ? tenths : whole).format(perSecond);
}

export const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);

/** What each kind of event is called at each step; in this order. */
const partWords = {
  received: {
    stored: 'accepted',
    repeated: 'sent again, stored once',
    refused: 'refused',
    unkept: 'refused, not kept',
  },
  in_stream: { stored: 'accepted', refused: 'refused', direct: 'put straight in' },
  in_object: { stored: 'accepted', refused: 'in quarantine', direct: 'put straight in' },
};

/**
 * What a step's total is made of, where that is more than accepted events: why it is not the next one's. Accepted events
 * in objects that were never counted as received were so before this began to count, or are in the stream twice.
 */
export function parts(step, counts) {
  const beyond = step === 'received' ? 0 : Math.max(0, (counts.in_object.stored ?? 0) - (counts.received.stored ?? 0));
  const words = partWords[step];
  const named = Object.keys(words)
    .map((kind) => [words[kind], (counts[step][kind] ?? 0) - (kind === 'stored' ? beyond : 0)])
    .concat([['from before, or twice', beyond]])
    .filter(([, count]) => count > 0);
  if (named.length === 0 || (named.length === 1 && named[0][0] === words.stored)) return '';
  return named.map(([word, count]) => `${whole.format(count)} ${word}`).join(' · ');
}
