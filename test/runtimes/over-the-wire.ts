import type { RegistryFetch } from '../../src/testing/index.ts'

/** A registry at an address, for the contracts. They send requests to any host; this sends them there. */
export function fetchFrom(origin: string): RegistryFetch {
  return (request) => {
    const { pathname, search } = new URL(request.url)
    return fetch(new Request(`${origin}${pathname}${search}`, request))
  }
}
