import './template.test.js';
