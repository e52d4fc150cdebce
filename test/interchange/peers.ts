import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startServer } from '../services/process.ts'
import type { RunningService } from '../services/test-service.ts'

/** Another registry, whose folder we bring in. */
export interface Peer {
  /** As `BENCH_PEERS` names it. */
  readonly name: string
  /** Whether clients keep lists of referrers in it, since it has no API for them. */
  readonly keepsLists: boolean
  /** Whether a command collects its garbage. */
  readonly collects: boolean
  readonly configuration: (data: string, port: number) => string
  readonly words: (program: string, folder: string, port: number) => readonly string[]
}

const distribution = (data: string, port: number): string => `version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: ${data}}
  delete: {enabled: true}
  maintenance: {uploadpurging: {enabled: false}}
http: {addr: "127.0.0.1:${port}"}
`

const zot = (data: string, port: number): string =>
  JSON.stringify({
    distSpecVersion: '1.1.1',
    storage: { rootDirectory: data, dedupe: true, gc: false },
    http: { address: '127.0.0.1', port: String(port), compat: ['docker2s2'] },
    log: { level: 'error' },
  })

/** The peers whose folders we know. */
export const peers: readonly Peer[] = [
  ...['distribution', 'docker-registry'].map((name) => ({
    name,
    keepsLists: true,
    collects: true,
    configuration: distribution,
    words: (program: string, folder: string) => [program, 'serve', join(folder, 'config')],
  })),
  {
    name: 'zot',
    keepsLists: false,
    collects: false,
    configuration: zot,
    words: (program, folder) => [program, 'serve', join(folder, 'config')],
  },
  {
    name: 'olareg',
    keepsLists: false,
    collects: false,
    configuration: () => '',
    words: (program, folder, port) => {
      const where = ['--addr', '127.0.0.1', '--port', String(port), '--dir', join(folder, 'data')]
      return [program, 'serve', ...where, '--api-delete']
    },
  },
]

/** The program of a peer, as `BENCH_PEERS` says; null where it is not there. */
export function programOf(name: string): string | null {
  const pairs = (process.env.BENCH_PEERS ?? '').split(/\s+/).map((pair) => pair.split('='))
  const [, program = ''] = pairs.find(([key]) => key === name) ?? []
  return program !== '' && existsSync(program) ? program : null
}

/** Starts a peer; its content is in the folder `data` of its own. */
export function startPeer(peer: Peer, program: string): Promise<RunningService> {
  return startServer({
    name: peer.name,
    ports: 1,
    command(folder, [port = 0]) {
      mkdirSync(join(folder, 'data'), { recursive: true })
      writeFileSync(join(folder, 'config'), peer.configuration(join(folder, 'data'), port))
      return peer.words(program, folder, port)
    },
    isReady: async (port) => {
      const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => null)
      await answer?.body?.cancel()
      return answer?.status === 200
    },
  })
}
