import { type Metric, onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals';
import type { Plugin } from '../tracker/plugin.js';

/**
 * Tracks each web vital of a view as an event `web_vital`, once: layout shift and the delay of interactions as they are
 * when the page is first hidden, because it may never be shown again. A return from the back/forward cache is another
 * view. https://github.com/GoogleChrome/web-vitals
 */
export const vitals: Plugin<void> = (context) => {
  const tracked: Record<string, true> = {};
  const track = ({ name, value, rating, navigationType, id }: Metric) => {
    // The library tells a value again that has changed when the page is hidden again, under the same id.
    if (tracked[id]) return;
    tracked[id] = true;
    context.track('web_vital', {
      properties: {
        metric: name.toLowerCase(),
        // Layout shift has no unit; the others are in milliseconds.
        value: Math.round(value * 1000) / 1000,
        rating,
        navigation_type: navigationType,
        metric_id: id,
      },
    });
  };
  for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(track);
};
