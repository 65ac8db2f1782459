import './tracker-built-ins.test.js';
