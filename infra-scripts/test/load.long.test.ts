import './load.e2e.test.js';
