import { version } from '@millrace/kit/version';

/** What synthetic events carry in `sdk`. */
export const generatorSdk = `millrace-generator/${version}`;
