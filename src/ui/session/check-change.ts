import { peerOf } from '../../http/peer.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Viewer } from '../viewer.ts'
import type { FormFields } from './form-fields.ts'
import { changeOrigin } from './own-origin.ts'

/**
 * Refuses a change that a page of another site may have sent. The request has to say that it comes from a page of ours;
 * in a session it has to have the session's token as well, as `csrf` or in `X-CSRF-Token`. A program sends JSON.
 *
 * That holds where there is no login at all too: a registry in a private network is open to what is in that network,
 * not to every site that somebody in it looks at.
 *
 * @throws RegistryError `crossSite`.
 */
export function checkChange(request: Request, { session }: Viewer, fields: FormFields): void {
  if (changeOrigin(request, peerOf(request)) === 'foreign') throw new RegistryError('crossSite')
  if (session === null) return
  const token = fields.get('csrf') ?? request.headers.get('x-csrf-token')
  if (!isSame(token, session.csrf)) throw new RegistryError('crossSite')
}

/** Takes as long for every wrong token of the right length. */
function isSame(given: string | null, expected: string): boolean {
  if (given === null || given.length !== expected.length) return false
  let difference = 0
  for (let index = 0; index < expected.length; index++) {
    difference |= given.charCodeAt(index) ^ expected.charCodeAt(index)
  }
  return difference === 0
}
