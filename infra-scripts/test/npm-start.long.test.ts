import './npm-start.test.js';
