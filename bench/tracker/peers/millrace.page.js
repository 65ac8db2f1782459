window.bench = {
  track: (properties) => window.millrace.track('liked_item', { properties }),
  ready: () => Boolean(window.millrace?.version),
};
