import { connect, type Server } from 'node:net'

/** How long after a flood the listener is tried, and how long a trial may take, in milliseconds. */
const pauseMs = 1_000
const patienceMs = 2_000

/**
 * Looks after a listener that Deno may give up: a process that runs out of descriptors while it
 * accepts a connection never accepts another, and nothing says so. After each flood it is tried with a
 * connection of our own, and opened again where that is not accepted.
 *
 * @returns what is called each time there were too many connections
 */
export function reopenWhenDeaf(server: Server, reopen: () => Promise<void>): () => void {
  let isTried = false

  const tryLater = (): void => {
    if (isTried) return
    isTried = true
    unref(setTimeout(trial, pauseMs))
  }
  const trial = async (): Promise<void> => {
    isTried = false
    if (!server.listening) return
    const outcome = await hears(server)
    if (outcome === 'deaf' && server.listening) await reopen().catch(() => {})
    if (outcome !== 'hears') tryLater()
  }
  return tryLater
}

/** Whether a listener takes connections; unknown where we cannot make one ourselves. */
function hears(server: Server): Promise<'hears' | 'deaf' | 'unknown'> {
  const address = server.address()
  if (address === null) return Promise.resolve('unknown')
  return new Promise((resolve) => {
    const socket =
      typeof address === 'string'
        ? connect(address)
        : connect(address.port, reachable(address.address))
    const late = unref(setTimeout(() => settle('deaf'), patienceMs))
    const settle = (outcome: 'hears' | 'deaf' | 'unknown'): void => {
      clearTimeout(late)
      server.off('connection', accepted)
      socket.destroy()
      resolve(outcome)
    }
    const accepted = (): void => settle('hears')
    server.on('connection', accepted)
    socket.on('error', () => settle('unknown'))
  })
}

/** Where a server that listens on every interface can be reached from here. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1'
  return address === '::' ? '::1' : address
}

/** A timer that does not keep the process going. */
function unref<T>(timer: T): T {
  ;(timer as { unref?(): void }).unref?.()
  return timer
}
