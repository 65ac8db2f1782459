window.bench = { track: () => {}, ready: () => true };
