/** A delivery as one number: the share that was got counts first, then that little came twice. */
export const delivered = ({ tracked, got, duplicates }) => Math.round((got / tracked) * 1e6) * 1e6 - duplicates;

/** True if every event that was tracked came. */
export const lostNothing = (result) => result !== undefined && !result.failed && result.got >= result.tracked;

/** "30", "12 of 30", "30 + 8 twice", with what went wrong. */
export function deliveryCell(result, best = false) {
  if (!result) return '–';
  const { tracked, got, duplicates, thrown, failed, neverReady } = result;
  if (failed) return `${got}, ${failed}`;
  const text = `${got === tracked ? got : `${got} of ${tracked}`}${duplicates > 0 ? ` + ${duplicates} twice` : ''}${neverReady ? ', never ready' : ''}${thrown > 0 ? `, ${thrown} errors` : ''}`;
  return best ? `**${text}**` : text;
}

/** The lines of deliveries, where they differ from the scenario's title. */
export const deliveryTitles = {
  outage: 'an event each 2 s while the server is at 503, recover, the next page',
  'cost-queued': '5,000 events and more while the server is at 503, recover, 30 s',
};
