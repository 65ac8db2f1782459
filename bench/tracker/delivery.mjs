/** A delivery as one number: what was got counts first, then that little came twice. */
export const delivered = ({ got, duplicates }) => got * 1_000_000 - duplicates;

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
