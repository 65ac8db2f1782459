import { cut } from '../browser/builtins.js';
import type { Plugin } from '../plugin.js';

/** Campaign parameters (https://support.google.com/analytics/answer/10917952), and the networks' click ids. */
const known = /^(utm_\w+|\w*clk?id|[gw]braid|li_fat_id)$/;
/** The longest value kept; click ids have about a hundred characters. */
const maxChars = 200;

/** A page view whose address came from a campaign has its parameters (`utm_source`, `gclid` …) as properties. */
export const campaign: Plugin<void> = (context) =>
  context.on('event', (event) => {
    if (event.event !== 'page_view' || !event.url) return;
    new URL(event.url).searchParams.forEach((value, name) => {
      if (known.test(name) && value)
        // Behind the page's own, which stay when there are too many.
        event.properties = { ...event.properties, [name]: event.properties?.[name] ?? cut(value, 0, maxChars) };
    });
  });
