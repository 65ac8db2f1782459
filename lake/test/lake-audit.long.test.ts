import './lake-audit.test.js';
