import './state-flips.test.js';
