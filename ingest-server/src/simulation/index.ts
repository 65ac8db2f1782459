export { type BadDay, badDays } from './bad-days.js';
export { type FleetOptions, type FleetResult, simulateFleet } from './simulate-fleet.js';
export { type ServerFigures, type ServerSimulation, simulateServer } from './simulate-server.js';
