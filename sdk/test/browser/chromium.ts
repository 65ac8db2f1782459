// The file is found from where this runs (dist/test/browser), its type from where this is written (test/browser).
const finder = new URL('../../../../scripts/find-browser.mjs', import.meta.url).href;

export const { browserDescribe, startKillableBrowser } = (await import(
  finder
)) as typeof import('../../../scripts/find-browser.mjs');
