// A closed loop of kept connections that costs little itself: requests are ready-made, answers are only looked at for their status and length.
import { connect } from 'node:net';

/** Sends every request once over `connections`, and calls `answered(index, status, body)` for each. */
export function send({ port, requests, connections, answered }) {
  let next = 0;
  let left = requests.length;
  return new Promise((resolve, reject) => {
    const open = Array.from({ length: Math.min(connections, requests.length) }, () => {
      const socket = connect(port, '127.0.0.1');
      let current = -1;
      let text = '';
      const more = () => {
        if (next === requests.length) return socket.end();
        current = next++;
        socket.write(requests[current]);
      };
      socket.setNoDelay(true).setEncoding('latin1');
      socket.on('connect', more);
      socket.on('data', (part) => {
        text += part;
        const head = text.indexOf('\r\n\r\n');
        if (head < 0) return;
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
        if (text.length < head + 4 + length) return;
        const status = Number(text.slice(9, 12));
        const body = text.slice(head + 4);
        text = '';
        answered(current, status, body);
        left -= 1;
        if (left === 0) {
          for (const one of open) one.destroy();
          resolve();
        } else more();
      });
      socket.on('error', reject);
      return socket;
    });
  });
}
