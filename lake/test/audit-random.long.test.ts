import './audit-random.test.js';
