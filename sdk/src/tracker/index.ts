import { plain } from './plain.js';
import type { Part } from './plugin.js';
import { safely } from './safely.js';
import { startTracker } from './tracker.js';
import type { Calls, Core, Names, Tracker, TrackerOptions } from './types.js';
import { views } from './views.js';
import type { WholeSettings } from './whole.js';
import { whole } from './whole.js';

export { asking } from './asking.js';
export { campaign } from './campaign.js';
export { clicks } from './clicks.js';
export { clock } from './clock.js';
export { compress } from './compress.js';
export { consent } from './consent.js';
export { cookie } from './cookie.js';
export { reports } from './drops.js';
export { lineOf } from './entry.js';
export { clean } from './fields.js';
export { leaving } from './leaving.js';
export { lease } from './lock.js';
export { mask } from './mask.js';
export { naming } from './naming.js';
export { people } from './people.js';
export { platform } from './platform.js';
export type { Draft, Host, Moments, Part, Plugin } from './plugin.js';
export { sample } from './sample.js';
export type { Calls, Core, EventName, Fields, Names, PageName, Tracker, TrackerOptions } from './types.js';
export { version } from './version.js';
export { pages, views } from './views.js';
export type { WholeSettings } from './whole.js';

declare const all: unique symbol;
/** All parts, by which the compiler knows that all calls are there. */
export type Everything = readonly Part[] & { readonly [all]: true };

/** All parts of the script tag's tracker. */
export const everything = (settings?: WholeSettings): Everything =>
  [...whole(settings), views] as unknown as Everything;

/**
 * Starts a tracker in this page; once per page. Where there is no page (a server that renders it) its calls do nothing.
 * @param parts what it has besides `track`; what a site does not import it does not load
 * @example createTracker<typeof catalogue>({ key: 'demo', endpoint: 'https://collect.example/v1/events' }, everything())
 */
export function createTracker<const Site extends Names = Names>(
  options: TrackerOptions<Site>,
  parts: Everything,
): Tracker<Site>;
export function createTracker<const Site extends Names = Names>(
  options: TrackerOptions<Site>,
  parts?: readonly Part[],
): Core<Site> & Partial<Calls<Site>>;
export function createTracker(options: TrackerOptions, parts: readonly Part[] = []): unknown {
  return safely(options, () => startTracker(options, [plain, ...parts]));
}
