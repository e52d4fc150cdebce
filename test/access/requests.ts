import type { AccessRequest } from '../../src/ports/access.ts'

/** A request as logins see it. */
export function requestOf({
  address,
  headers = {},
}: {
  readonly address?: string
  readonly headers?: Readonly<Record<string, string>>
}): AccessRequest {
  return {
    method: 'GET',
    url: 'http://registry.example/v2/',
    headers: new Headers(headers),
    peer: { address },
    requestId: 'test',
    context: undefined,
  }
}
