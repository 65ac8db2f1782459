import './generator-model.test.js';
