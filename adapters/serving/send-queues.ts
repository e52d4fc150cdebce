import { readFile } from 'node:fs/promises'

/** Where Linux lists the connections of this machine, or container, over IPv4 and IPv6. */
const tables = ['/proc/net/tcp', '/proc/net/tcp6']

/** The two ports of a row, and how many bytes were sent and not acknowledged yet, all in hex. */
const row = /^ *\d+: [\dA-F]+:([\dA-F]{4}) [\dA-F]+:([\dA-F]{4}) [\dA-F]{2} ([\dA-F]{8}):/gm

/**
 * How much the system still has to send to each client of the server on a port.
 *
 * @returns by the client's port, something that changes when a client takes bytes; null where the system
 *   does not tell. Clients of different addresses with the same port share one.
 */
export async function sendQueues(port: number): Promise<ReadonlyMap<number, string> | null> {
  const queues: Map<number, string> = new Map()
  const own = port.toString(16).toUpperCase().padStart(4, '0')
  try {
    for (const text of await Promise.all(tables.map((table) => readFile(table, 'latin1')))) {
      for (const [, local, remote = '', bytes = ''] of text.matchAll(row)) {
        if (local !== own) continue
        const client = Number.parseInt(remote, 16)
        queues.set(client, (queues.get(client) ?? '') + bytes)
      }
    }
    return queues
  } catch {
    return null
  }
}
