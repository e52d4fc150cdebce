import { randomBytes, randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { NoticeSink } from '../../../src/index.ts'
import type { Entries } from '../log.ts'
import type { Opened } from '../open-registry.ts'
import type { Settings } from '../settings.ts'
import { type AdminAddress, adminFileOf, readAdminFile } from './admin-file.ts'
import { answer } from './answer.ts'
import { type KnownOperation, operations } from './operations.ts'
import { UnderWay } from './under-way.ts'

/** The way in for commands of this machine. */
export interface AdminEndpoint {
  /** Ends the operations under way, listens no more, and removes the file. Never rejects. */
  close(): Promise<void>
}

/** What the endpoint works with. */
export interface EndpointDeps {
  readonly settings: Settings
  readonly opened: Opened
  readonly log: Entries
  readonly onNotice: NoticeSink
  /** What may be asked for. Default: all there is. */
  readonly operations?: ReadonlyMap<string, KnownOperation>
}

const mostOperations = 8
const mostConnections = 64
/** How long a caller may take to send its head and its input, in milliseconds. */
const requestMs = 10_000
/** How long the end of the server waits for operations that were told to stop, in milliseconds. */
const endMs = 3_000

/**
 * Opens the admin endpoint: a listener on 127.0.0.1 alone, at a port of the system's choice. Null where the settings
 * ask for none, or where none can be had: a server serves without it.
 */
export async function openAdminEndpoint(deps: EndpointDeps): Promise<AdminEndpoint | null> {
  const { settings, log } = deps
  const { admin, adminFile, readOnly } = settings
  const path = adminFileOf(settings)
  // A store that is only read is never written, so its folder gets no file.
  if (!admin || path === null || (readOnly && adminFile === null)) return null
  const stop = new AbortController()
  const underWay = new UnderWay(mostOperations)
  const token = randomBytes(32).toString('hex')
  let host = ''
  const answered = { operations, ...deps, token, underWay, stop: stop.signal, host: () => host }
  const server = createServer((request, response) => void answer(request, response, answered))
  server.headersTimeout = requestMs
  server.requestTimeout = requestMs
  server.maxConnections = mostConnections
  try {
    const port = await listen(server)
    host = `127.0.0.1:${port}`
    await writeAdminFile(path, { port, token, pid: process.pid })
  } catch (error) {
    server.close()
    log.warn({ file: path, err: error }, 'no admin endpoint: commands need the server stopped')
    return null
  }
  // It must not keep a process alive that ends in another way.
  server.unref()
  return {
    async close() {
      stop.abort(new Error('the server is stopping'))
      await removeAdminFile(path, token)
      await Promise.race([underWay.ended(), pause(endMs)])
      server.close()
      server.closeAllConnections()
    },
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** Nothing here has to outlive the process, so nothing is synced. The file is never there with more permissions. */
async function writeAdminFile(path: string, address: AdminAddress): Promise<void> {
  const temporary = `${path}.${randomUUID()}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify(address)}\n`)
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}

/** Removes the file, unless it is that of another server by now. */
async function removeAdminFile(path: string, token: string): Promise<void> {
  try {
    const found = await readAdminFile(path)
    if (found?.token === token) await rm(path, { force: true })
  } catch {
    // It is another's, or the folder is gone.
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref())
}
