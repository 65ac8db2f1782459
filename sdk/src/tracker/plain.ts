import type { Part } from './plugin.js';
import { plainPage } from './slug.js';

/** What the smallest tracker does where parts do better. */
export const plain: Part<void> = (inside) => {
  inside.clean = (event, fields) => ({ ...(fields as object), event });
  inside.platform = { os: 'web', device: 'unknown' };
  inside.pageOf = () => inside.options.page || plainPage(location.pathname);
};
