import type { Peer } from '../../ports/access.ts'

/** The registry as clients name it in a reference. */
export interface RegistryHost {
  /** `registry.example`, `127.0.0.1:5000`. */
  readonly name: string
  /** Whether it was asked without TLS, of which clients have to be told. */
  readonly isPlain: boolean
  /** Whether it is on this very machine, which Docker and Kubernetes trust without TLS. */
  readonly isLoopback: boolean
}

const label = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?'
const hostGrammar: RegExp = new RegExp(
  `^(?<host>${label}(?:\\.${label})*\\.?|\\[[0-9a-f:.]+\\])(?<port>:\\d{1,5})?$`,
  'i',
)

/** In characters: that of a domain name, and a port. */
const longestHost = 260

/**
 * The host of a request's URL, and whether the client came over TLS; null where it is not a name that clients take. A URL may have `;` and `$` in its host,
 * which must not get into a command that a person runs.
 */
export function registryHost(url: URL, peer: Peer): RegistryHost | null {
  const found = url.host.length > longestHost ? null : hostGrammar.exec(url.host)
  if (found === null) return null
  const { host = '', port } = found.groups ?? {}
  const isPlain = url.protocol !== 'https:' && peer.secure !== true
  const isLoopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/i.test(host)
  // A name without a dot or a port would be taken for a part of the repository's name.
  const needsPort = port === undefined && !/[.:]/.test(host) && host.toLowerCase() !== 'localhost'
  const added = needsPort ? (isPlain ? ':80' : ':443') : ''
  return { name: `${url.host}${added}`, isPlain, isLoopback }
}
