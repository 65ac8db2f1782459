export { type BadDay, type BadDaysOptions, badDays } from './bad-days.js';
export { bursts, dayCurve, type RateCurve, steady } from './rate-curves.js';
export { type FleetOptions, type FleetResult, simulateFleet } from './simulate-fleet.js';
export { type ServerFigures, type ServerSimulation, simulateServer } from './simulate-server.js';
export { serverDefaults } from './simulated-server.js';
