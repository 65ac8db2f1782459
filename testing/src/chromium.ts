// The tests run compiled, one folder deeper than their source, so the type and the file are named apart.
const finder = new URL('../../../scripts/find-browser.mjs', import.meta.url).href;

export const { browserDescribe, startKillableBrowser } = (await import(
  finder
)) as typeof import('../../scripts/find-browser.mjs');
