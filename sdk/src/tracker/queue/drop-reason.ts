/**
 * Why something was dropped. Events: `full` and `old` at the queue's bounds, `refused` by the server (4xx), `too_large`
 * for it even alone. Calls: `early` beyond those that the stub keeps, `invalid` for one that cannot be understood.
 * `field` for a field that does not fit; its event goes without it.
 */
export type DropReason = 'full' | 'old' | 'refused' | 'too_large' | 'invalid' | 'field' | 'early';

/** The number of drops by reason. */
export type DropCounts = { [Reason in DropReason]?: number };
