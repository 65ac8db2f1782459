import './s3-keys.test.js';
