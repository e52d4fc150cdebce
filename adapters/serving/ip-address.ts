/**
 * The bytes of an IP address: 4 for IPv4, 16 for IPv6. IPv4 in its IPv6 form (`::ffff:192.0.2.1`), as
 * a socket that takes both shows it, counts as IPv4. Null for anything else, zones (`%eth0`) apart,
 * which are ignored.
 */
export function parseAddress(text: string): Uint8Array | null {
  if (!text.includes(':')) return parseIpv4(text)
  const zone = text.indexOf('%')
  const bytes = parseIpv6(zone === -1 ? text : text.slice(0, zone))
  return bytes !== null && isMapped(bytes) ? bytes.subarray(12) : bytes
}

/** How an address is written: in decimal, or for IPv6 as RFC 5952 has it. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.byteLength === 4) return bytes.join('.')
  const groups: number[] = []
  for (let at = 0; at < 16; at += 2) groups.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0))
  const { start, length } = longestZeros(groups)
  const text = (part: readonly number[]): string =>
    part.map((group) => group.toString(16)).join(':')
  if (length < 2) return text(groups)
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`
}

/** A range of addresses: those that begin with the first `bits` bits of `base`. */
export interface AddressRange {
  readonly base: Uint8Array
  readonly bits: number
}

/** Reads an address, or a range in CIDR notation such as `10.0.0.0/8`; null when it is neither. */
export function parseRange(text: string): AddressRange | null {
  const [address = '', length, ...more] = text.split('/')
  const base = parseAddress(address)
  if (base === null || more.length > 0) return null
  const most = base.byteLength * 8
  if (length === undefined) return { base, bits: most }
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(length)) return null
  // A range of mapped addresses counts its bits from the beginning of the IPv6 form.
  const bits = Number(length) - (most === 32 && address.includes(':') ? 96 : 0)
  return bits < 0 || bits > most ? null : { base, bits }
}

/** Whether a range holds an address. IPv4 and IPv6 have nothing in common. */
export function inRange({ base, bits }: AddressRange, address: Uint8Array): boolean {
  if (base.byteLength !== address.byteLength) return false
  const whole = bits >> 3
  for (let at = 0; at < whole; at++) if (base[at] !== address[at]) return false
  const rest = bits & 7
  if (rest === 0) return true
  return ((base[whole] ?? 0) ^ (address[whole] ?? 0)) >> (8 - rest) === 0
}

function parseIpv4(text: string): Uint8Array | null {
  if (!/^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$/.test(text)) return null
  const bytes = new Uint8Array(4)
  for (const [at, part] of text.split('.').entries()) {
    // A leading zero is octal to some, and a byte ends at 255.
    if ((part.length > 1 && part.startsWith('0')) || Number(part) > 255) return null
    bytes[at] = Number(part)
  }
  return bytes
}

function parseIpv6(text: string): Uint8Array | null {
  const [head = '', tail, ...more] = text.split('::')
  if (more.length > 0) return null
  const first = groupsOf(head, tail === undefined)
  const last = tail === undefined ? [] : groupsOf(tail, true)
  if (first === null || last === null) return null
  const missing = 8 - first.length - last.length
  // `::` stands for one group at least.
  if (tail === undefined ? missing !== 0 : missing < 1) return null
  const bytes = new Uint8Array(16)
  for (const [at, group] of [...first, ...Array(missing).fill(0), ...last].entries()) {
    bytes[at * 2] = group >> 8
    bytes[at * 2 + 1] = group & 0xff
  }
  return bytes
}

/** @param ends whether the address ends here, so that its last four bytes may be written as IPv4 */
function groupsOf(text: string, ends: boolean): readonly number[] | null {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [at, part] of parts.entries()) {
    if (ends && at === parts.length - 1 && part.includes('.')) {
      const [a = 0, b = 0, c = 0, d = 0] = parseIpv4(part) ?? []
      if (parseIpv4(part) === null) return null
      groups.push((a << 8) | b, (c << 8) | d)
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(part)) return null
      groups.push(Number.parseInt(part, 16))
    }
  }
  return groups.length > 8 ? null : groups
}

/** Whether an IPv6 address is an IPv4 one in disguise: `::ffff:0:0/96`. */
function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
}

/** The first of the longest runs of zeros. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > longest.length) longest = { start, length }
  }
  return longest
}
