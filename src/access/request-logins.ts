import type { AccessRequest, PeerCertificate, Principal } from '../ports/access.ts'
import type { Login } from './login.ts'

/**
 * Login by any function of the request: a session of the host application, for instance. The function
 * returns null for requests that it knows nothing of.
 *
 * @example
 * const login = requestLogin('session', async ({ headers }) => {
 *   const user = await sessions.find(headers.get('cookie'))
 *   return user === null ? null : { id: user.name, groups: user.teams }
 * })
 */
export function requestLogin(
  name: string,
  find: (request: AccessRequest) => Promise<RequestUser | null> | RequestUser | null,
): Login {
  return {
    name,
    async request(request) {
      const user = await find(request)
      return user === null ? null : { principal: principalOf(name, user) }
    },
  }
}

/** Who a request comes from, as the host application says. */
export interface RequestUser {
  /** Stable and unique. */
  readonly id: string
  readonly groups?: readonly string[]
}

/**
 * Login by the client's certificate, which the server has checked against its authorities. By default the
 * common name is the user and the organizations are the groups, as in Kubernetes; without a common name, the
 * first URI is the user.
 *
 * @param userOf says who a certificate stands for; null for nobody
 */
export function certificateLogin(
  userOf: (certificate: PeerCertificate) => RequestUser | null = commonUser,
): Login {
  return requestLogin('certificate', ({ peer }) =>
    peer.certificate === undefined ? null : userOf(peer.certificate),
  )
}

function commonUser({ commonName, uris, organizations }: PeerCertificate): RequestUser | null {
  const id = commonName ?? uris[0]
  return id === undefined || id === '' ? null : { id, groups: organizations }
}

/**
 * Login by a header in which a trusted proxy names the user. From anything but a trusted proxy the header
 * is ignored. The proxy has to replace what clients send in it.
 *
 * @param header its name, such as `X-Remote-User`
 */
export function proxyLogin(header: string): Login {
  return requestLogin('proxy', ({ headers, peer }) => {
    const id = peer.isProxied === true ? (headers.get(header)?.trim() ?? '') : ''
    return id === '' ? null : { id }
  })
}

function principalOf(login: string, { id, groups }: RequestUser): Principal {
  return { id, details: groups === undefined ? { login } : { login, groups } }
}
