import './firehose-functions.test.js';
