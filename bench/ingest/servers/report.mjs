// How a server under measurement talks to the bench: it says its port, and its CPU time and memory when asked.
export function report(port) {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send({ cpuUs: user + system, rssBytes: process.memoryUsage.rss() });
  });
  process.on('disconnect', () => process.exit(0));
  process.send({ port });
}
