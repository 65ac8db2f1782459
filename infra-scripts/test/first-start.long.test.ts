import './first-start.test.js';
