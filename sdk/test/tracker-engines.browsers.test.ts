import './tracker-engines.test.js';
