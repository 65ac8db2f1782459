import './generator-traffic.test.js';
