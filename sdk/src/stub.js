// Keeps calls that are made before the script has loaded. Pasted, minified, before the script tag; see README.md.
((page, calls, stub) => {
  // In a page with <div id="millrace"> the name is that element, but not the window's own property.
  if (Object.getOwnPropertyDescriptor(page, 'millrace')?.value) return;
  page.millrace = stub;
  stub.q = calls;
  calls.n = 0;
  for (const name of ['track', 'page', 'identify', 'reset', 'consent', 'use', 'flush', 'stop']) {
    stub[name] = (...given) => {
      const call = [name, given, Date.now()];
      const settled =
        name === 'flush'
          ? new Promise((settle) => {
              // By the tracker, or where none comes.
              call.push(settle);
              setTimeout(settle, 2000);
            })
          : undefined;
      // A page whose script is blocked must not fill its memory.
      if (!(calls.n++ >= 1000)) calls.push(call);
      return settled;
    };
  }
})(window, [], {});
