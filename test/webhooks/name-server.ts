import { createSocket } from 'node:dgram'

/** Addresses of a name, by how often it was asked for: the last is given from then on. */
export type Answers = Readonly<Record<string, readonly (readonly string[])[]>>

/** A name server on loopback. */
export interface NameServer {
  /** How often the addresses of a name were asked for: IPv4 alone. */
  asked(name: string): number
  close(): void
}

/**
 * Starts a name server (RFC 1035) at port 53 of an address of loopback. It knows these names and nothing else.
 *
 * @throws Error where it may not listen there
 */
export async function startNameServer(address: string, answers: Answers): Promise<NameServer> {
  const counts: Map<string, number> = new Map()
  const socket = createSocket('udp4')
  socket.on('message', (query, { address: peer, port }) => {
    const { name, type, end } = questionOf(query)
    const known = answers[name]
    const before = counts.get(name) ?? 0
    const isV4 = type === 1
    if (isV4) counts.set(name, before + 1)
    const all = known?.[Math.min(before, known.length - 1)] ?? []
    const fitting = all.filter((one) => one.includes(':') !== isV4 && (isV4 || type === 28))
    const head = Buffer.alloc(12)
    query.copy(head, 0, 0, 2)
    // A response, authoritative, with recursion; a name that is not known does not exist.
    head.writeUInt16BE(known === undefined ? 0x8583 : 0x8580, 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(fitting.length, 6)
    const records = fitting.map((one) => recordOf(type, one))
    socket.send(Buffer.concat([head, query.subarray(12, end), ...records]), port, peer)
  })
  await new Promise<void>((done, failed) => {
    socket.once('error', failed)
    socket.bind(53, address, done)
  })
  return { asked: (name) => counts.get(name) ?? 0, close: () => socket.close() }
}

/** @returns the end of the question within the query, in bytes */
function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

/** A record of the name that was asked for, which nothing may keep. */
function recordOf(type: number, address: string): Buffer {
  const bytes = type === 1 ? Buffer.from(address.split('.').map(Number)) : mapped(address)
  const head = Buffer.alloc(12)
  // The name stands at byte 12 of the message.
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(0, 6)
  head.writeUInt16BE(bytes.length, 10)
  return Buffer.concat([head, bytes])
}

/** An address of eight groups, such as `0:0:0:0:0:ffff:7f00:1`. */
function mapped(address: string): Buffer {
  const bytes = Buffer.alloc(16)
  for (const [index, group] of address.split(':').entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2)
  }
  return bytes
}
