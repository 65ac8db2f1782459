import { modulesWithoutViews } from './all-modules.js';
import { defaults } from './core/defaults.js';
import { safely } from './core/safely.js';
import { startTracker } from './core/start-tracker.js';
import type { TrackerModule } from './module.js';
import { views } from './modules/views.js';
import type { AllModulesSettings, Calls, Core, Names, Tracker, TrackerOptions } from './types.js';

export type { TrackerModule } from './module.js';
export { campaign } from './modules/campaign.js';
export { clean } from './modules/clean.js';
export { clicks } from './modules/clicks.js';
export { clock } from './modules/clock.js';
export { compress } from './modules/compress.js';
export { confirmBeforeResend } from './modules/confirm-before-resend.js';
export { consent } from './modules/consent.js';
export { cookie } from './modules/cookie.js';
export { identify } from './modules/identify.js';
export { lease } from './modules/lease.js';
export { mask } from './modules/mask.js';
export { naming } from './modules/naming.js';
export { pageExit } from './modules/page-exit.js';
export { plainText } from './modules/plain-text.js';
export { platform } from './modules/platform.js';
export { reports } from './modules/reports.js';
export { sample } from './modules/sample.js';
export { pages, views } from './modules/views.js';
export { warnings } from './modules/warnings.js';
export type { Draft, Moments, Plugin, PluginContext } from './plugin.js';
export { lineOf } from './queue/entry.js';
export type {
  AllModulesSettings,
  Calls,
  Core,
  EventName,
  Fields,
  Names,
  PageName,
  Tracker,
  TrackerOptions,
} from './types.js';
export { version } from './version.js';

declare const all: unique symbol;
/** All modules. By this type the compiler knows that the tracker has all calls. */
export type AllModules = readonly TrackerModule[] & { readonly [all]: true };

/** All modules of the script tag's tracker. */
export const allModules = (settings?: AllModulesSettings): AllModules =>
  [...modulesWithoutViews(settings), views] as unknown as AllModules;

/**
 * Starts a tracker in this page. Start one a page. On a server that renders pages its calls do nothing.
 * @param modules what the tracker has besides `track` and `flush`; a bundler leaves out the others
 * @example createTracker<typeof catalogue>({ key: 'demo', endpoint: 'https://collect.example/v1/events' },
 * allModules())
 */
export function createTracker<const Site extends Names = Names>(
  options: TrackerOptions<Site>,
  modules: AllModules,
): Tracker<Site>;
export function createTracker<const Site extends Names = Names>(
  options: TrackerOptions<Site>,
  modules?: readonly TrackerModule[],
): Core<Site> & Partial<Calls<Site>>;
export function createTracker(options: TrackerOptions, modules: readonly TrackerModule[] = []): unknown {
  return safely(options, () => startTracker(options, [defaults, ...modules]));
}
