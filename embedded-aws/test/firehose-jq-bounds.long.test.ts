import './firehose-jq-bounds.test.js';
