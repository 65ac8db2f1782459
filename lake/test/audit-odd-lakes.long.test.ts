import './audit-odd-lakes.test.js';
