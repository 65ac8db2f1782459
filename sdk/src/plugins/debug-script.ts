import { addPlugin } from './add-plugin.js';
import { debug } from './debug.js';

addPlugin('debug', debug);
