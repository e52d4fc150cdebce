/** Headers of every answer of the page. */
const always: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

/** Headers of an answer that depends on who asks, and is not to be kept. */
export function viewHeaders(contentType: string): Record<string, string> {
  return {
    ...always,
    'Content-Type': contentType,
    'Cache-Control': 'no-store',
    Vary: 'Accept, Cookie',
  }
}

/** Headers of a file whose name has its hash. */
export function immutableHeaders(contentType: string): Record<string, string> {
  return {
    ...always,
    'Content-Type': contentType,
    'Cache-Control': 'public, max-age=31536000, immutable',
  }
}

/** @param scriptHash of the one inline script, as `sha256-…` */
export function contentSecurityPolicy(scriptHash: string): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    `script-src '${scriptHash}'`,
    "connect-src 'self'",
    "img-src 'self' data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
