import './spool.test.js';
