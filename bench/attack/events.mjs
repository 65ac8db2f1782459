// Events of honest visitors, whose identities are known beforehand, and bodies of many of them.
const hex = (number, digits) => number.toString(16).padStart(digits, '0');

/** The id of the event `seq` of a visitor. */
export const idOf = (visitor, seq) => `01900000-0000-7000-8000-${hex(visitor, 6)}${hex(seq, 6)}`;

/** The stream of a visitor, who is one page for as long as the bench lasts. */
export const streamOf = (name, visitor) => `mij4${name}${hex(visitor, 12)}`;

/** An event as a tracker sends it; `changes` to it are what an attacker makes of one. */
export const eventOf = (name, visitor, seq, changes = {}) => ({
  event_id: idOf(visitor, seq),
  event: 'liked_item',
  page: 'books',
  event_time: new Date().toISOString(),
  visitor_id: `${name}-${visitor}`,
  session_id: `${name}-session-${visitor}`,
  stream_id: streamOf(name, visitor),
  seq,
  os: 'ios',
  device: 'mobile',
  sdk: 'millrace-bench/1.0.0',
  url: 'https://shop.example/books/51',
  title: 'A field guide | The example shop',
  item_id: '51',
  ...changes,
});

export const linesOf = (events) => events.map((event) => JSON.stringify(event)).join('\n');
