// The example at http://localhost:8090. Its events go to the ingest server of `npm start`.
import { createServer } from 'node:http';
import { bundle, html } from './bundle.mjs';

const script = await bundle(process.argv[2] ?? 'http://localhost:8080');
createServer(({ url }, response) => {
  const [type, body] = url === '/shop.js' ? ['text/javascript', script] : ['text/html', html];
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(body);
}).listen(8090, () => console.log('http://localhost:8090'));
