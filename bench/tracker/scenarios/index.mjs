import { cost, costQueued, throttled } from './cost.mjs';
import { crashes } from './crashes.mjs';
import { navigations } from './navigate.mjs';
import { longOutage, wire } from './network.mjs';
import { outages } from './outages.mjs';
import { storageFull } from './storage-full.mjs';
import { strangers } from './strangers.mjs';
import { fourTabs } from './tabs.mjs';

/**
 * What every tracker goes through. `play(stage)` gives a result, of which `tracked`, `got` and `duplicates` are numbers of events; `limitMs`
 * cuts it off; `repeats` plays it several times and adds up, but for `medians`; `alone` says that nothing else may run beside it.
 */
export const scenarios = ({ outageSeconds }) => [
  ...navigations,
  ...outages,
  ...crashes,
  fourTabs,
  storageFull,
  ...strangers,
  wire,
  longOutage(outageSeconds),
  cost,
  costQueued,
  throttled,
];
