/** What Cloudflare's runtime has to be, to run what {@link bundle} makes. */
export const compatibility: {
  readonly compatibilityDate: string
  readonly compatibilityFlags: readonly string[]
}

/** The worker, or another entry, as one module of JavaScript. */
export function bundle(entry?: string): Promise<string>
