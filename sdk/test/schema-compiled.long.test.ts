import './schema-compiled.test.js';
