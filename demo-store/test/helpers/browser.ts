// The file is found from where this runs (dist/test/helpers), its type from where this is written (test/helpers).
const finder = new URL('../../../../scripts/find-browser.mjs', import.meta.url).href;

export const { browserDescribe } = (await import(finder)) as typeof import('../../../scripts/find-browser.mjs');
