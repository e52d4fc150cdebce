import { networkInterfaces } from 'node:os'

/** Addresses named of a machine that has more. */
const mostAddresses = 3

/**
 * What a person at a terminal is told: where the registry is, and what to paste.
 *
 * @param url where the server listens, as it says itself
 */
export function banner(version: string, url: string, place: string): string {
  const [first, ...others] = reachableUrls(url)
  const lines = [`Layerdock ${version} at ${first}, ${place}`]
  if (others.length > 0) lines.push(`From other machines: ${others.join(' ')}`)
  const host = first === undefined || first.startsWith('unix:') ? null : new URL(first).host
  if (host !== null) {
    lines.push(
      '',
      `  docker tag alpine ${host}/alpine`,
      `  docker push ${host}/alpine`,
      `  docker pull ${host}/alpine`,
    )
  }
  return [...lines, '', ''].join('\n')
}

/**
 * The URLs a person can use, this machine's own first. A server that listens on every interface calls
 * itself `[::]` or `0.0.0.0`, which is not an address to connect to.
 *
 * @param addresses of this machine's interfaces
 */
export function reachableUrls(
  url: string,
  addresses: () => readonly string[] = outerAddresses,
): readonly string[] {
  if (url.startsWith('unix:')) return [url]
  const { protocol, hostname, port } = new URL(url)
  if (hostname !== '[::]' && hostname !== '0.0.0.0') return [url]
  const at = (host: string): string => `${protocol}//${host}${port === '' ? '' : `:${port}`}`
  return ['localhost', ...addresses().slice(0, mostAddresses)].map(at)
}

/** The IPv4 addresses other machines may know this one by. */
function outerAddresses(): readonly string[] {
  try {
    return Object.values(networkInterfaces())
      .flatMap((found) => found ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => address)
  } catch {
    // Deno may not have been allowed to look.
    return []
  }
}
