// Somebody who asks the endpoint for the stream twenty times a second, whether or not it has answered.
import { Agent, request } from 'node:http';

const everyMs = 50;

/** Asks `url` from now on; `stop` gives how long each answer took since `begin`, in milliseconds. */
export function probeEndpoint(url) {
  const agent = new Agent({ keepAlive: true });
  const latencies = [];
  const timer = setInterval(() => {
    const began = performance.now();
    const asked = request(
      url,
      {
        method: 'POST',
        agent,
        headers: {
          'x-amz-target': 'Kinesis_20131202.DescribeStream',
          'content-type': 'application/x-amz-json-1.1',
          authorization: 'AWS4-HMAC-SHA256 Credential=test',
        },
      },
      (response) => response.resume().on('end', () => latencies.push(performance.now() - began)),
    );
    asked.on('error', () => latencies.push(Infinity)).end('{"StreamName":"clickstream"}');
  }, everyMs);
  return {
    begin: () => latencies.splice(0),
    stop() {
      clearInterval(timer);
      agent.destroy();
      return latencies;
    },
  };
}
