import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** What synthetic events carry in `sdk`. */
export const generatorSdk = `millrace-generator/${version}`;
