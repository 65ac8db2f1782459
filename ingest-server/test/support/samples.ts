/** What `/metrics` says: each series, labels included, with its value. */
export type Samples = Map<string, number>;

export function samplesOf(text: string): Samples {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** Over all labels. */
export function sum(samples: Samples, name: string): number {
  let total = 0;
  for (const [series, value] of samples) if (series === name || series.startsWith(`${name}{`)) total += value;
  return total;
}

/** The two sides of the identity: what must not be lost, and where it is. */
export function keptAndPlaces(samples: Samples): { kept: number; places: number } {
  const all = (names: string[]) => names.reduce((total, name) => total + sum(samples, `millrace_events_${name}`), 0);
  return {
    kept: all(['accepted_total', 'rejected_total', 'recovered_total', 'unacknowledged_total']),
    places: all(['delivered_total', 'in_spool', 'in_flight', 'set_aside_total', 'unkept_total']),
  };
}
