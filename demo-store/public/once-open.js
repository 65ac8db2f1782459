/**
 * Opening a review or a description is an event, closing it is not: while it is open, its summary has no `data-track`.
 * `toggle` comes after the click that the tracker has seen.
 */
document.addEventListener(
  'toggle',
  ({ target }) => {
    if (!target.matches?.('details[data-once-open]')) return;
    const { dataset } = target.querySelector('summary');
    if (target.open && dataset.track) {
      dataset.trackedAs = dataset.track;
      delete dataset.track;
    } else if (!target.open && dataset.trackedAs) {
      dataset.track = dataset.trackedAs;
      delete dataset.trackedAs;
    }
  },
  true,
);
