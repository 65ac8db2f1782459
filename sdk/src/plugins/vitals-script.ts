import { usePlugin } from './use-plugin.js';
import { vitals } from './vitals.js';

usePlugin(vitals);
