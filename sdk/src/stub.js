// Keeps calls that are made before the script has loaded. Pasted, minified, before the script tag; see README.md.
window.millrace ||
  ((calls, stub) => {
    window.millrace = stub;
    stub.q = calls;
    for (const name of ['track', 'page', 'identify', 'reset', 'consent', 'use', 'flush']) {
      stub[name] = (...given) => {
        calls.push([name, given, Date.now()]);
      };
    }
  })([], {});
