import './tracker-hostile-pages.test.js';
