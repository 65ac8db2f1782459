import './tracker-stream.test.js';
