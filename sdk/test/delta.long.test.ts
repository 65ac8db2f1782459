import './delta.test.js';
