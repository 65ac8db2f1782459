import './tracker-core.test.js';
