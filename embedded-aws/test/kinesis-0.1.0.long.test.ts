import './kinesis-0.1.0.test.js';
