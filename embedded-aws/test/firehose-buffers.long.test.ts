import './firehose-buffers.test.js';
