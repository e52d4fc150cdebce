/** Where an address leads. */
export type AddressKind =
  /** Any other machine of the internet. */
  | 'public'
  /** This machine, a private network, or a carrier's. */
  | 'private'
  /** Link-local addresses, the metadata services of clouds, and what is not the address of one machine. */
  | 'forbidden'

type Range = readonly [kind: AddressKind, base: string, bits: number]

/** The first that holds an address counts. */
const v4Ranges: readonly Range[] = [
  ['forbidden', '0.0.0.0', 8],
  ['private', '10.0.0.0', 8],
  // Alibaba's metadata service is among the addresses of carriers.
  ['forbidden', '100.100.100.200', 32],
  ['private', '100.64.0.0', 10],
  ['private', '127.0.0.0', 8],
  // Azure's WireServer, which has secrets of the machine.
  ['forbidden', '168.63.129.16', 32],
  ['forbidden', '169.254.0.0', 16],
  ['private', '172.16.0.0', 12],
  // Oracle's old metadata service.
  ['forbidden', '192.0.0.0', 24],
  ['forbidden', '192.0.2.0', 24],
  ['private', '192.168.0.0', 16],
  ['private', '198.18.0.0', 15],
  ['forbidden', '198.51.100.0', 24],
  ['forbidden', '203.0.113.0', 24],
  ['forbidden', '224.0.0.0', 4],
  ['forbidden', '240.0.0.0', 4],
]

const v6Ranges: readonly Range[] = [
  ['private', '::1', 128],
  ['forbidden', 'fd00:ec2::254', 128],
  ['forbidden', 'fd20:ce::254', 128],
  ['private', 'fc00::', 7],
  ['forbidden', 'fe80::', 10],
  ['forbidden', 'fec0::', 10],
  ['forbidden', '100::', 64],
  ['forbidden', '2001:db8::', 32],
  ['forbidden', '3fff::', 20],
  // Teredo has an address of IPv4 in it that another machine chose.
  ['forbidden', '2001::', 32],
  ['public', '2000::', 3],
]

/** Where IPv4 addresses stand in IPv6 addresses that stand for them. */
const embedded: ReadonlyArray<readonly [base: string, bits: number, at: number]> = [
  ['::ffff:0:0', 96, 12],
  ['::ffff:0:0:0', 96, 12],
  ['64:ff9b::', 96, 12],
  ['64:ff9b:1::', 48, 12],
  ['2002::', 16, 2],
  ['::', 96, 12],
]

/** Where an IP address leads, also one that stands for another; null where the text is no address. */
export function kindOfAddress(text: string): AddressKind | null {
  const bytes = bytesOf(text)
  return bytes === null ? null : kindOfBytes(bytes)
}

function kindOfBytes(bytes: readonly number[]): AddressKind {
  if (bytes.length === 4) return kindIn(v4Ranges, bytes) ?? 'public'
  const own = kindIn(v6Ranges.slice(0, 1), bytes)
  if (own !== null) return own
  for (const [base, bits, at] of embedded) {
    if (isWithin(bytes, base, bits)) return kindOfBytes(bytes.slice(at, at + 4))
  }
  // What was never given out leads nowhere that is known.
  return kindIn(v6Ranges, bytes) ?? 'forbidden'
}

function kindIn(ranges: readonly Range[], bytes: readonly number[]): AddressKind | null {
  return ranges.find(([, base, bits]) => isWithin(bytes, base, bits))?.[0] ?? null
}

function isWithin(bytes: readonly number[], base: string, bits: number): boolean {
  const other = bytesOf(base)
  if (other === null || other.length !== bytes.length) return false
  return bytes.every((byte, at) => {
    const rest = Math.min(8, Math.max(0, bits - at * 8))
    return (byte ^ (other[at] ?? 0)) >> (8 - rest) === 0
  })
}

/** The bytes of an address as a system writes it: no octal or hexadecimal parts, which a URL turns into decimal ones. */
function bytesOf(text: string): readonly number[] | null {
  if (!text.includes(':')) return v4BytesOf(text)
  const [address = ''] = text.split('%')
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address)
  if (dotted === null) return v6BytesOf(address)
  const [a = 0, b = 0, c = 0, d = 0] = v4BytesOf(dotted[2] ?? '') ?? []
  if (v4BytesOf(dotted[2] ?? '') === null) return null
  const groups = [(a << 8) | b, (c << 8) | d].map((group) => group.toString(16))
  return v6BytesOf(`${dotted[1]}${groups.join(':')}`)
}

function v4BytesOf(text: string): readonly number[] | null {
  if (!/^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/.test(text)) return null
  const bytes = text.split('.').map(Number)
  return bytes.every((byte) => byte <= 255) ? bytes : null
}

function v6BytesOf(text: string): readonly number[] | null {
  const [head = '', tail, ...more] = text.split('::')
  const groups = (part: string): readonly string[] => (part === '' ? [] : part.split(':'))
  const first = groups(head)
  const last = groups(tail ?? '')
  const missing = 8 - first.length - last.length
  if (more.length > 0 || (tail === undefined ? missing !== 0 : missing < 1)) return null
  const all = [...first, ...Array<string>(missing).fill('0'), ...last]
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null
  return all.flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
}

/** The address that the host of a URL is, or plainly stands for; null for another name. */
export function literalAddress(url: string): string | null {
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1')
  if (/(?:^|\.)localhost\.?$/.test(host)) return '127.0.0.1'
  return kindOfAddress(host) === null ? null : host
}

/**
 * Why a request may not go to an address, in words that may be shown; null where it may.
 *
 * @param address as a system writes it
 * @param allowPrivate as of an endpoint
 */
export function refusalOfAddress(address: string, allowPrivate: boolean): string | null {
  const kind = kindOfAddress(address)
  if (kind === 'public' || (kind === 'private' && allowPrivate)) return null
  return kind === 'private'
    ? 'the receiver is at a private address, which "allowPrivate" would allow'
    : 'the receiver is at an address that webhooks are never sent to'
}
