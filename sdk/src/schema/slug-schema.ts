import { z } from 'zod';
import { slugPattern } from './slug.js';

/** A slug. */
export const slugSchema = z.string().regex(slugPattern, {
  error: 'must be a slug: a lower-case letter, then up to 47 of a-z, 0-9 and _',
});
