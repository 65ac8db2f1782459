import './tracker-sender.test.js';
