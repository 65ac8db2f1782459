import './tracker-fuzz.test.js';
