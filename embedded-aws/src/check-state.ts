export { checkState } from './check/check-state.js';
export type { CheckedKind, StateCheck, StateDamage } from './check/findings.js';
