import { connect, type Socket } from 'node:net'

/** What the package `postgres` tells of a connection that it wants. */
interface Target {
  readonly host: readonly string[]
  readonly port: readonly number[]
  readonly path: string | false
}

/** The least and the most time between two connections of which the first failed, in milliseconds. */
const [leastPauseMs, mostPauseMs] = [50, 1000]

/** Makes connections. */
export interface SocketMaker {
  readonly make: (target: Target) => Promise<Socket>
  /** Why no host can be reached, if each was tried since one answered; null otherwise. */
  failure(): Error | null
}

/**
 * Makes connections for the package `postgres`, which by itself connects again at once, for ever, where a balancer
 * in front of the database takes a connection and ends it. That is a failure here, and each one makes the next
 * connection wait a little longer. Of several hosts, the package tries one after the other for ever.
 */
export function socketMaker(): SocketMaker {
  let made = 0
  let hosts = 1
  let failures = 0
  let lastFailure: Error | null = null
  let failedAt = 0

  function watch(socket: Socket): Socket {
    // Statements that are sent ahead of answers take several writes, of which none waits for the one before it.
    socket.setNoDelay()
    const fail = (error: Error): void => {
      failures += 1
      lastFailure = error
      failedAt = performance.now()
    }
    const end = (): void => {
      const error = new Error('the connection was ended before PostgreSQL answered')
      socket.destroy(Object.assign(error, { code: 'ECONNRESET' }))
    }
    socket.once('error', fail)
    socket.once('end', end)
    socket.once('data', () => {
      failures = 0
      socket.off('error', fail)
      socket.off('end', end)
    })
    return socket
  }

  async function make({ host, port, path }: Target): Promise<Socket> {
    hosts = host.length
    if (failures > 0) {
      const pauseMs = Math.min(leastPauseMs * 2 ** (failures - 1), mostPauseMs)
      const left = failedAt + pauseMs - performance.now()
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, left))
    }
    if (path !== false) return watch(connect(path))
    // The next of several hosts, each time.
    const index = made % host.length
    made += 1
    const name = host[index] ?? 'localhost'
    const socket = watch(connect(port[index] ?? 5432, name))
    // The name that a certificate has to be for.
    return Object.assign(socket, { host: name })
  }

  return { make, failure: () => (failures >= hosts ? lastFailure : null) }
}
