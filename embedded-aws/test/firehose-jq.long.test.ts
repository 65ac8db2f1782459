import './firehose-jq.test.js';
