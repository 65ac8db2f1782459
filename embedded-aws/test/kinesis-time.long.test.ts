import './kinesis-time.test.js';
