import './delivery.test.js';
