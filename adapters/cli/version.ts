import { createRequire } from 'node:module'

/** The version in package.json. */
export function version(): string {
  const require = createRequire(import.meta.url)
  return (require('layerdock/package.json') as { readonly version: string }).version
}
