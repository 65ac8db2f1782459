import { addPlugin } from './add-plugin.js';
import { vitals } from './vitals.js';

addPlugin('vitals', vitals);
