import { type Metric, onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals';
import type { Plugin } from '../tracker/plugin.js';

/**
 * Tracks each of the page's web vitals as an event `web_vital`, once it is final:
 * https://github.com/GoogleChrome/web-vitals
 */
export const vitals: Plugin<void> = (context) => {
  const track = ({ name, value, rating, navigationType, id }: Metric) =>
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
  for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(track);
};
