import './plan.test.js';
