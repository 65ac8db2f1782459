import './exit-codes.test.js';
