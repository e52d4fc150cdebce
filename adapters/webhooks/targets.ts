import { lookup } from 'node:dns/promises'
import { DeliveryFailed, kindOfAddress, refusalOfAddress } from '../../src/webhooks/index.ts'

/** Finds the IP addresses of a host. */
export type Resolve = (host: string) => Promise<readonly string[]>

/** The system's resolver: it knows `/etc/hosts` as well. */
export const systemResolve: Resolve = async (host) => {
  const found = await lookup(host, { all: true })
  return found.map(({ address }) => address)
}

/** Addresses that are tried for one request. */
const mostTried = 4

/**
 * The addresses of a URL's host that a request may be sent to.
 *
 * @param hostname as `URL` has it: a name, an address of IPv4 in decimal parts, or one of IPv6 in brackets
 * @throws DeliveryFailed where there is none
 */
export async function targetsOf(
  hostname: string,
  allowPrivate: boolean,
  resolve: Resolve,
): Promise<readonly string[]> {
  const literal = hostname.replace(/^\[(.*)\]$/, '$1')
  const found = kindOfAddress(literal) === null ? await resolved(hostname, resolve) : [literal]
  const refusals: Set<string> = new Set()
  const allowed = found.filter((address) => {
    const refusal = refusalOfAddress(address, allowPrivate)
    if (refusal !== null) refusals.add(refusal)
    return refusal === null
  })
  if (allowed.length > 0) return allowed.slice(0, mostTried)
  const [refusal = "the receiver's name has no address"] = refusals
  throw new DeliveryFailed(refusal)
}

async function resolved(hostname: string, resolve: Resolve): Promise<readonly string[]> {
  try {
    const found = await resolve(hostname)
    // What is no address is not looked at twice.
    return found.filter((address) => kindOfAddress(address) !== null)
  } catch (error) {
    const code = (error as { readonly code?: unknown } | null)?.code
    const isUnknown = code === 'ENOTFOUND' || code === 'ENODATA'
    throw new DeliveryFailed(
      isUnknown
        ? "the receiver's name has no address"
        : "the receiver's name could not be resolved",
    )
  }
}
