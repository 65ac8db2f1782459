/** How a server under measurement talks to the bench: it gives its port, and ends when the bench hangs up. */
export function report(port) {
  process.on('disconnect', () => process.exit(0));
  process.send({ port });
}
