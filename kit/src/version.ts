/**
 * Millrace's version: that of every package here but the tracker, which a test holds it to. A constant, so that a
 * bundle needs no package.json.
 */
export const version = '0.2.0';
