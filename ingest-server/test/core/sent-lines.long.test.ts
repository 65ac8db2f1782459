import './sent-lines.test.js';
