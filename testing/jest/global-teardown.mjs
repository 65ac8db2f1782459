export default () => globalThis.millraceTestTeardown();
