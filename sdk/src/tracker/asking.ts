import type { Part } from './plugin.js';
import { isPassing } from './transport.js';

/**
 * A batch whose answer nobody saw, above all that of a page that was left, has mostly arrived: before it is sent again, the server is asked by an empty
 * request whether it has it. It saves what would be sent twice, and in an outage the tries have no weight.
 */
export const asking: Part<void> = (inside) => {
  const { post } = inside;
  inside.post = async (url, body, keepalive, signal, isAgain) => {
    const answer = isAgain && (await post(url, '', keepalive, signal));
    return answer && (isPassing(answer) || /"known":true/.test(answer.text!))
      ? answer
      : post(url, body, keepalive, signal);
  };
};
