import { parts, rate, sum, whole } from './words.js';

const windowMs = 5000;
const seconds = 60;

/**
 * The three counters: totals and what they are made of, steps a second, and a line of the last minute. Rates use the
 * server's clock.
 */
export function createStations(root) {
  const stations = [...root.querySelectorAll('[data-station]')].map((element) => ({
    step: element.dataset.station,
    element,
    total: element.querySelector('[data-total]'),
    parts: element.querySelector('[data-parts]'),
    rate: element.querySelector('[data-rate]'),
    spark: element.querySelector('[data-spark]'),
    history: new Array(seconds).fill(0),
  }));
  let samples = [];
  let second;

  function rateOf(read) {
    const first = samples[0];
    const last = samples.at(-1);
    const elapsed = last ? last.at - first.at : 0;
    return elapsed > 0 ? Math.max(0, ((read(last) - read(first)) * 1000) / elapsed) : 0;
  }

  function drawSpark({ spark, history }) {
    const top = Math.max(1, ...history);
    spark.setAttribute(
      'points',
      history.map((value, index) => `${index},${(19 - (value / top) * 18).toFixed(1)}`).join(' '),
    );
  }

  return {
    take(counts) {
      // The server has restarted.
      if (samples.length > 0 && sum(counts.steps.in_stream) < sum(samples.at(-1).steps.in_stream)) samples = [];
      samples.push(counts);
      while (samples.length > 2 && samples[1].at < counts.at - windowMs) samples.shift();
      for (const station of stations) {
        station.total.textContent = whole.format(sum(counts.steps[station.step]));
        station.parts.textContent = parts(station.step, counts.steps);
      }
    },
    /** Call it once a second, also when no step comes. `serverNow` is the estimated time of the server. */
    tick(serverNow) {
      const last = samples.at(-1);
      if (last && serverNow - last.at > windowMs) samples = [last];
      const now = Math.floor(performance.now() / 1000);
      for (const station of stations) {
        const perSecond = rateOf(({ steps }) => sum(steps[station.step]));
        station.rate.textContent = rate(perSecond);
        station.element.classList.toggle('busy', perSecond > 0);
        if (second !== undefined) {
          for (let passed = second; passed < now; passed += 1) station.history.push(perSecond);
          station.history.splice(0, station.history.length - seconds);
        }
        drawSpark(station);
      }
      second = now;
    },
    get shownPerSecond() {
      return rateOf(({ shown }) => shown);
    },
    get notShownPerSecond() {
      return rateOf(({ notShown }) => notShown);
    },
  };
}
