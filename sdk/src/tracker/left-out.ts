import type { DropReason } from './drops.js';
import type { Inside } from './plugin.js';

/** Counts a call or a field that cannot be taken, and says so to who listens. */
export function leftOut({ pass, drops, tell }: Inside, reason: DropReason, what: string, value?: unknown): void {
  pass(() => drops.count(reason));
  tell('dropped', { reason, what, value });
}
