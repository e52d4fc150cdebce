import type { Peer, PeerCertificate } from '../../src/index.ts'
import {
  type AddressRange,
  formatAddress,
  inRange,
  parseAddress,
  parseRange,
} from './ip-address.ts'

/** The proxies whose word on their clients counts. */
export interface TrustedProxies {
  /** Addresses of proxies. */
  readonly ranges: readonly AddressRange[]
  /** Whether what comes over a unix socket comes from a proxy. */
  readonly unix: boolean
}

/**
 * Reads a list of proxies: addresses, ranges such as `10.0.0.0/8` or `fd00::/8`, and `unix` for
 * whatever connects over a unix socket.
 *
 * @returns null where the list is empty
 * @throws TypeError when an entry is none of these.
 */
export function readProxies(list: readonly string[]): TrustedProxies | null {
  if (list.length === 0) return null
  const ranges: AddressRange[] = []
  for (const entry of list) {
    if (entry === 'unix') continue
    const range = parseRange(entry.trim())
    if (range === null) {
      throw new TypeError(
        `trustedProxies: ${JSON.stringify(entry)} is not an address, a range such as 10.0.0.0/8, or unix`,
      )
    }
    ranges.push(range)
  }
  return { ranges, unix: list.includes('unix') }
}

/** Reads a header of a request: its values joined by commas, or null or undefined without one. */
export type HeaderReader = (name: string) => string | null | undefined

/**
 * The client behind trusted proxies, found when it is first asked for: the right-most address of
 * `X-Forwarded-For` that is not a trusted proxy's itself, since everything left of that is the
 * client's own word.
 */
export class ForwardedPeer implements Peer {
  readonly #proxies: TrustedProxies
  readonly #connection: Peer
  readonly #overUnix: boolean
  readonly #header: HeaderReader
  #found: Peer | null = null

  /**
   * @param connection what is known without any header
   * @param overUnix whether the connection came over a unix socket
   */
  constructor(proxies: TrustedProxies, connection: Peer, overUnix: boolean, header: HeaderReader) {
    this.#proxies = proxies
    this.#connection = connection
    this.#overUnix = overUnix
    this.#header = header
  }

  get address(): string | undefined {
    return this.#peer.address
  }

  get secure(): boolean | undefined {
    return this.#peer.secure
  }

  get certificate(): PeerCertificate | undefined {
    // A proxy's own certificate says nothing of the client.
    return this.#peer.certificate
  }

  get isProxied(): boolean {
    return this.#peer.isProxied === true
  }

  get #peer(): Peer {
    this.#found ??= this.#find()
    return this.#found
  }

  #find(): Peer {
    const { address, secure } = this.#connection
    const trusted = this.#overUnix ? this.#proxies.unix : isTrusted(this.#proxies, address)
    if (!trusted) return this.#connection
    const protocol = this.#header('x-forwarded-proto')
    return {
      address: clientOf(this.#proxies, address, this.#header('x-forwarded-for')),
      // The proxy next to us is the one that is trusted, and it speaks last.
      secure: protocol ? lastOf(protocol).toLowerCase() === 'https' : secure,
      isProxied: true,
    }
  }
}

/** A client's address as everything else writes it: IPv4 without its IPv6 form, IPv6 at its shortest. */
export function plainAddress(text: string | undefined): string | undefined {
  if (text === undefined || !text.includes(':')) return text
  const bytes = parseAddress(text)
  return bytes === null ? text : formatAddress(bytes)
}

function isTrusted({ ranges }: TrustedProxies, address: string | undefined): boolean {
  const bytes = address === undefined ? null : parseAddress(address)
  return bytes !== null && ranges.some((range) => inRange(range, bytes))
}

/** Undefined where the last proxy that is trusted did not name an address. */
function clientOf(
  proxies: TrustedProxies,
  connection: string | undefined,
  forwarded: string | null | undefined,
): string | undefined {
  let client = connection
  let rest = forwarded ?? ''
  while (rest.trim() !== '') {
    const entry = lastOf(rest)
    rest = rest.slice(0, Math.max(rest.lastIndexOf(','), 0))
    if (entry === '') continue
    const bytes = parseAddress(withoutPort(entry))
    if (bytes === null) return undefined
    client = formatAddress(bytes)
    if (!isTrusted(proxies, client)) return client
  }
  return client
}

function lastOf(list: string): string {
  return list.slice(list.lastIndexOf(',') + 1).trim()
}

/** Some proxies write `192.0.2.1:4711` or `[2001:db8::1]:4711`. */
function withoutPort(entry: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([0-9.]+))(?::[0-9]{1,5})?$/.exec(entry) ?? []
  return bracketed ?? plain ?? entry
}
