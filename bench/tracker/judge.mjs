/** The cells of a line, the best in bold. */
function cells(values, format, best) {
  return values.map((value, n) =>
    value === undefined || Number.isNaN(value) ? '–' : best(value, n) ? `**${format(value)}**` : format(value),
  );
}

/** Judges a line: who is best, and by how much ours is worse than that, if it is. A yardstick is shown, not judged. */
export function judged(title, trackers, values, { format, tolerance, yardstick, more = false, eligible = () => true }) {
  if (yardstick) return { line: [title, ...cells(values, format, () => false)] };
  const numbers = trackers.flatMap((tracker, n) =>
    values[n] !== undefined && !Number.isNaN(values[n]) && eligible(tracker) ? [values[n]] : [],
  );
  const best = more ? Math.max(...numbers) : Math.min(...numbers);
  const equal = (value) => (more ? value >= best * (1 - tolerance) : value <= best * (1 + tolerance) + 1e-9);
  const ours = values[trackers.findIndex((tracker) => tracker.ours)];
  const leader = trackers.find((tracker, n) => values[n] === best && eligible(tracker));
  const worse =
    ours !== undefined && numbers.length > 0 && !equal(ours)
      ? `${title}: ours ${format(ours)}, ${leader.name} ${format(best)}`
      : undefined;
  return { line: [title, ...cells(values, format, (value, n) => eligible(trackers[n]) && equal(value))], worse };
}
