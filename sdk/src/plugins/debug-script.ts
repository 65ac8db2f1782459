import { debug } from './debug.js';
import { usePlugin } from './use-plugin.js';

usePlugin(debug);
