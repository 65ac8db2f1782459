/**
 * Millrace's version, that of every package here; a test holds them to it. A constant, so that a bundle needs no
 * package.json.
 */
export const version = '0.2.0';
