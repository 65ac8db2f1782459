import './audit-cache.test.js';
