// The ingest server as it ships, configured from the environment.
import { loadConfig, startIngestServer } from '../../../ingest-server/dist/src/index.js';
import { report } from './report.mjs';

const { port } = await startIngestServer(loadConfig(process.env));
report(port);
