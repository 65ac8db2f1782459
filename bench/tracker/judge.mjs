/** The cells of a line, the best in bold. */
function cells(values, format, best) {
  return values.map((value, n) =>
    value === undefined || Number.isNaN(value) ? '–' : best(value, n) ? `**${format(value)}**` : format(value),
  );
}

/**
 * Judges a line: who is best of those that are compared, and by how much ours is `worse` than that, if it is. A yardstick is shown, not judged. `besides`
 * says whose figure is better than ours without being compared.
 */
export function judged(title, trackers, values, { format, tolerance, yardstick, more = false, eligible = () => true }) {
  const isCompared = (tracker) => !yardstick && eligible(tracker);
  const better = (one, other) => (more ? one * (1 - tolerance) > other + 1e-9 : one * (1 + tolerance) + 1e-9 < other);
  const figures = trackers
    .map((tracker, n) => ({ tracker, value: values[n] }))
    .filter(({ value }) => value !== undefined && !Number.isNaN(value));
  const best = (some) =>
    some.reduce(
      (first, one) => (first && !(more ? one.value > first.value : one.value < first.value) ? first : one),
      undefined,
    );
  const ours = figures.find(({ tracker }) => tracker.ours);
  const leader = best(figures.filter(({ tracker }) => isCompared(tracker)));
  const other = best(figures.filter(({ tracker }) => !isCompared(tracker)));
  const beats = (one) =>
    ours && one && better(one.value, ours.value)
      ? `${title}: ours ${format(ours.value)}, ${one.tracker.name} ${format(one.value)}`
      : undefined;
  return {
    line: [title, ...cells(values, format, (value, n) => isCompared(trackers[n]) && !better(leader.value, value))],
    worse: beats(leader),
    besides: yardstick ? undefined : beats(other),
  };
}
