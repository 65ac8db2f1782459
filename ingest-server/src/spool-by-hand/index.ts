export { type Drained, type DrainOptions, drainSpool } from './drain.js';
export { type LookedPiece, lookAtSpool, type SpoolLook } from './look.js';
