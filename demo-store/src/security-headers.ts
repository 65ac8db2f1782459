/**
 * The headers of every answer. The policy is the strictest under which shop and tracker work: scripts and requests go
 * to this origin and the collector's only, nothing is inline, and no text becomes markup in the browser (Trusted
 * Types). https://www.w3.org/TR/CSP3/
 */
export function securityHeaders(collectorOrigin: string): Record<string, string> {
  return {
    'content-security-policy': [
      "default-src 'none'",
      `script-src 'self' ${collectorOrigin}`,
      `connect-src 'self' ${collectorOrigin}`,
      "style-src 'self'",
      "img-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'strict-origin-when-cross-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
  };
}
