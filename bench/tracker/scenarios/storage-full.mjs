const tracked = 30;

/** The site has filled its localStorage to the last byte before the tracker loads. */
export const storageFull = {
  id: 'storage-full',
  title: 'localStorage full, 30 events',
  limitMs: 120_000,
  async play({ visit, track, settle, visitor, site }) {
    const page = await visitor.context.newPage();
    await page.goto(`${site.origin}/blank`);
    const left = await page.evaluate(() => {
      const put = (name, size) => {
        try {
          localStorage.setItem(name, 'x'.repeat(size));
          return true;
        } catch {
          return false;
        }
      };
      let n = 0;
      for (let size = 1 << 20; size >= 1; ) {
        if (put(`f${n}`, size)) n++;
        else size >>= 1;
      }
      // What is left is shorter than a name of those.
      for (const name of 'abcdefghijkl') put(name, 0);
      return put('z', 0);
    });
    if (left) throw new Error('localStorage would not fill up');
    await visit('/page', page);
    await track(page, tracked);
    return settle(tracked, 60_000, 3_000);
  },
};
