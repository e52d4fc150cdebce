import type { RegistryFetch } from '../../src/testing/index.ts'

/** A registry at an address, as contracts see it: they speak to any host, this one has a socket. */
export function fetchFrom(origin: string): RegistryFetch {
  return (request) => {
    const { pathname, search } = new URL(request.url)
    return fetch(new Request(`${origin}${pathname}${search}`, request))
  }
}
