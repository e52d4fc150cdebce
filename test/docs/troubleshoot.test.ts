import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hash } from 'bcryptjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { textOf } from '../architecture/source-files.ts'
import { hasOpenssl } from '../cli/certificates.ts'
import { useProgram } from '../cli/harness.ts'
import { type Faults, openFaults } from './faults.ts'
import { imageOf, writeLayout } from './small-image.ts'

const page = textOf('docs/troubleshoot.md')

/** A line of a table: under which heading, of which client, and the words that it prints. */
interface Quote {
  readonly heading: string
  readonly client: string
  readonly words: string
}

const quotes: readonly Quote[] = page.split(/^### /m).flatMap((section) => {
  const [heading = ''] = section.split('\n')
  const rows = [...section.matchAll(/^\| (\w+) \| `([^`]+)` \|$/gm)]
  return rows.map(([, client = '', words = '']) => ({ heading, client, words }))
})

/** Clients whose faults are not made here. */
const needDaemons: ReadonlySet<string> = new Set(['docker', 'ctr'])

/** Faults that are not made here: another test makes them, without a client. */
const notMade: ReadonlyMap<string, string> = new Map([
  ['the registry has no space left', 'needs a file system of its own: test/promises makes it'],
  ['one of the clocks is wrong', 'needs an issuer: test/access makes it'],
])

/** What makes the client of a quote print it. */
type Line = (faults: Faults, folder: string) => readonly string[]

const oci: Line = (_, folder) => [`oci:${folder}/layout:v1`]
const auth = (user: string): string => `${user}:secret`

/** The command lines, by heading and client. */
const lines: Readonly<Record<string, Readonly<Record<string, Line>>>> = {
  'server gave HTTP response to HTTPS client': {
    podman: ({ plain }) => ['pull', `${plain}/team/app:v1`],
    skopeo: ({ plain }) => ['inspect', `docker://${plain}/team/app:v1`],
    crane: ({ plain }) => ['manifest', `${plain}/team/app:v1`],
    oras: ({ plain }) => ['manifest', 'fetch', `${plain}/team/app:v1`],
    helm: ({ plain }, folder) => ['push', `${folder}/chart-1.0.0.tgz`, `oci://${plain}/team`],
  },
  'this port speaks HTTPS': {
    oras: ({ unknownAuthority: at }) => ['manifest', 'fetch', '--plain-http', `${at}/team/app:v1`],
    helm: ({ unknownAuthority: at }) => {
      return ['pull', '--plain-http', `oci://${at}/team/chart`, '--version', '1.0.0']
    },
  },
  'certificate signed by unknown authority': {
    podman: ({ unknownAuthority: at }) => ['pull', `${at}/team/app:v1`],
    skopeo: ({ unknownAuthority: at }) => ['inspect', `docker://${at}/team/app:v1`],
    crane: ({ unknownAuthority: at }) => ['manifest', `${at}/team/app:v1`],
    oras: ({ unknownAuthority: at }) => ['manifest', 'fetch', `${at}/team/app:v1`],
    helm: ({ unknownAuthority: at }) => ['pull', `oci://${at}/team/chart`, '--version', '1.0.0'],
  },
  'connection refused': {
    skopeo: () => ['inspect', '--tls-verify=false', 'docker://127.0.0.1:1/team/app:v1'],
    crane: () => ['manifest', '127.0.0.1:1/team/app:v1'],
    oras: () => ['manifest', 'fetch', '--plain-http', '127.0.0.1:1/team/app:v1'],
  },
  'authentication required: send credentials with the request': {
    podman: ({ login }) => ['pull', '--tls-verify=false', `${login}/team/app:v1`],
    skopeo: ({ login }) => ['inspect', '--tls-verify=false', `docker://${login}/team/app:v1`],
    crane: ({ login }) => ['manifest', `${login}/team/app:v1`],
    oras: ({ login }) => ['push', '--plain-http', `${login}/team/app:v1`, 'file'],
    helm: ({ login }, folder) => [
      'push',
      '--plain-http',
      `${folder}/chart-1.0.0.tgz`,
      `oci://${login}/team`,
    ],
  },
  'wrong user name or password': {
    podman: ({ login }) => ['login', '--tls-verify=false', '-u', 'alice', '-p', 'wrong', login],
    skopeo: ({ login }) => ['login', '--tls-verify=false', '-u', 'alice', '-p', 'wrong', login],
    oras: ({ login }) => ['login', '--plain-http', '-u', 'alice', '-p', 'wrong', login],
    helm: ({ login }) => ['registry', 'login', '--plain-http', '-u', 'alice', '-p', 'wrong', login],
  },
  'denied: … may not push to …': {
    skopeo: (faults, folder) => [
      ...copyAs('bob'),
      ...oci(faults, folder),
      `docker://${faults.login}/team/app:v1`,
    ],
    oras: ({ login }) => [
      'push',
      '--plain-http',
      '-u',
      'bob',
      '-p',
      'secret',
      `${login}/team/app:v1`,
      'file',
    ],
  },
  'the tag is immutable': {
    skopeo: (faults, folder) => [
      ...copyAs('alice'),
      ...oci(faults, folder),
      `docker://${faults.login}/team/app:1.0.0`,
    ],
    oras: ({ login }) => [
      'push',
      '--plain-http',
      '-u',
      'alice',
      '-p',
      'secret',
      `${login}/team/app:1.0.0`,
      'file',
    ],
  },
  'its quota is …': {
    skopeo: (faults, folder) => [
      ...copyAs('alice'),
      ...oci(faults, folder),
      `docker://${faults.login}/small/app:v1`,
    ],
    oras: ({ login }) => [
      'push',
      '--plain-http',
      '-u',
      'alice',
      '-p',
      'secret',
      `${login}/small/app:v1`,
      'file',
    ],
  },
  'manifest unknown': {
    podman: ({ open }) => ['pull', '--tls-verify=false', `${open}/team/none:v1`],
    skopeo: ({ open }) => ['inspect', '--tls-verify=false', `docker://${open}/team/none:v1`],
    crane: ({ open }) => ['manifest', `${open}/team/none:v1`],
    oras: ({ open }) => ['pull', '--plain-http', `${open}/team/none:v1`],
    helm: ({ open }) => ['pull', '--plain-http', `oci://${open}/team/none`, '--version', '1.0.0'],
  },
  'repository name not known to registry': {
    crane: ({ open }) => ['ls', `${open}/team/none`],
    skopeo: ({ open }) => ['list-tags', '--tls-verify=false', `docker://${open}/team/none`],
  },
  'blob unknown': {
    skopeo: ({ damaged }, folder) => {
      return [
        'copy',
        '--src-tls-verify=false',
        `docker://${damaged}/team/lost:v1`,
        `dir:${folder}/lost`,
      ]
    },
    crane: ({ damaged }, folder) => ['pull', `${damaged}/team/lost:v1`, `${folder}/lost.tar`],
  },
  'Digest did not match': {
    skopeo: ({ damaged }, folder) => {
      return [
        'copy',
        '--src-tls-verify=false',
        `docker://${damaged}/team/rotten:v1`,
        `dir:${folder}/rotten`,
      ]
    },
    crane: ({ damaged }, folder) => ['pull', `${damaged}/team/rotten:v1`, `${folder}/rotten.tar`],
  },
  '413 Request Entity Too Large': {
    skopeo: (faults, folder) => {
      return [
        'copy',
        '--dest-tls-verify=false',
        ...oci(faults, folder),
        `docker://${faults.proxy}/team/app:v1`,
      ]
    },
    crane: ({ proxy }, folder) => ['push', `${folder}/layout`, `${proxy}/team/app:v1`],
    oras: ({ proxy }) => ['push', '--plain-http', `${proxy}/team/app:v1`, 'file'],
  },
  'too many requests': {
    skopeo: (faults, folder) => {
      return [
        'copy',
        '--dest-tls-verify=false',
        ...oci(faults, folder),
        `docker://${faults.limited}/team/app:v1`,
      ]
    },
    oras: ({ limited }) => ['push', '--plain-http', `${limited}/team/app:v1`, 'file'],
  },
  'this registry is read-only': {
    skopeo: (faults, folder) => {
      return [
        'copy',
        '--dest-tls-verify=false',
        ...oci(faults, folder),
        `docker://${faults.readOnly}/team/app:v1`,
      ]
    },
    crane: ({ readOnly }, folder) => ['push', `${folder}/layout`, `${readOnly}/team/app:v1`],
    oras: ({ readOnly }) => ['push', '--plain-http', `${readOnly}/team/app:v1`, 'file'],
  },
}

function copyAs(user: string): readonly string[] {
  return ['copy', '--dest-tls-verify=false', '--dest-creds', auth(user)]
}

/** Lines that need more than one command, or that take long. */
const notRun: ReadonlyMap<string, string> = new Map([
  ['wrong user name or password crane', 'it keeps a login without asking'],
  ['denied: … may not push to … podman', 'it pushes only what it has'],
  ['denied: … may not push to … crane', 'it logs in by another command'],
  ['denied: … may not push to … helm', 'it logs in by another command'],
  ['the tag is immutable crane', 'it logs in by another command'],
  ['its quota is … crane', 'it logs in by another command'],
  ['413 Request Entity Too Large podman', 'it pushes only what it has'],
  ['too many requests crane', 'it tries again for seconds'],
  ['server gave HTTP response to HTTPS client regctl', 'it tries again for seconds'],
  ['certificate signed by unknown authority regctl', 'it tries again for seconds'],
  ['Digest did not match oras', 'it takes the digest of the layer'],
])

const isInstalled = (client: string): boolean => spawnSync(client, ['--help']).error === undefined
const clients = [...new Set(quotes.map(({ client }) => client))].filter(
  (client) => !needDaemons.has(client),
)
const installed = new Set(clients.filter(isInstalled))

test('each message of the page is printed here, or a reason says why not', () => {
  expect(quotes.length).toBeGreaterThan(60)
  const untried = quotes.filter(
    ({ heading, client }) =>
      !needDaemons.has(client) &&
      !notMade.has(heading) &&
      !notRun.has(`${heading} ${client}`) &&
      lines[heading]?.[client] === undefined,
  )
  expect(untried.map(({ heading, client }) => `${heading}: ${client}`)).toEqual([])
})

// An address of this machine that is not 127.0.0.1 is there without being asked for on Linux alone.
describe.skipIf(process.platform !== 'linux' || !hasOpenssl)('what clients print', () => {
  const folder = mkdtempSync(join(tmpdir(), 'layerdock-faults-'))
  let faults: Faults

  beforeAll(async () => {
    faults = await openFaults(folder, await hash('secret', 4))
    writeLayout(join(folder, 'layout'), imageOf('pushed', 1000))
    writeFileSync(join(folder, 'file'), 'a file of more than a hundred bytes '.repeat(10))
    writeFileSync(join(folder, 'auth.json'), '{}')
    mkdirSync(join(folder, 'chart'))
    writeFileSync(join(folder, 'chart/Chart.yaml'), 'apiVersion: v2\nname: chart\nversion: 1.0.0\n')
    if (installed.has('helm')) execFileSync('helm', ['package', 'chart'], { cwd: folder })
  })
  afterAll(async () => {
    await faults.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const run = (client: string, words: readonly string[]): Promise<string> => {
    const storage = client === 'podman' ? podmanStorage(folder) : []
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      TMPDIR: folder,
      XDG_RUNTIME_DIR: folder,
      REGISTRY_AUTH_FILE: join(folder, 'auth.json'),
    }
    return new Promise((resolve) => {
      execFile(client, [...storage, ...words], { cwd: folder, env }, (_, out, err) =>
        resolve(`${out}${err}`),
      )
    })
  }

  const tried = quotes.filter(({ heading, client }) => lines[heading]?.[client] !== undefined)
  test.each(tried)('$heading: $client', async ({ heading, client, words }) => {
    if (!installed.has(client)) return
    const printed = await run(client, lines[heading]?.[client]?.(faults, folder) ?? [])
    const plain = printed
      .replaceAll('\\"', '"')
      .replaceAll(/127\.0\.0\.[12]:\d+/g, 'registry.example.com:5000')
    expect(plain).toContain(words)
  })
})

function podmanStorage(folder: string): readonly string[] {
  return ['--root', join(folder, 'pr'), '--runroot', join(folder, 'prr'), '--storage-driver', 'vfs']
}

describe('what a server prints that does not start', () => {
  const cli = useProgram()
  const rows = [...page.matchAll(/^\| `([^`]+)` \| [^|]+ \| [^|]+ \|$/gm)].map(
    ([, words = '']) => words,
  )

  test('is in the page', async () => {
    const [other, newer, gone] = [cli.folder(), cli.folder(), cli.folder()]
    writeFileSync(join(other, 'file'), '')
    writeFileSync(join(newer, 'store.json'), '{"format":99,"lock":"flock"}')
    const server = await cli.serve('--storage-dir', gone)
    const { port } = new URL(server.url)
    const starts = [
      ['--storage-dir', gone],
      ['--memory', '--listen', `127.0.0.1:${port}`],
      ['--memory', '--listen', ':0'],
      ['--rootdirectory', gone],
      ['--storage-dir', other],
      ['--storage-dir', newer],
    ]
    const printed = await Promise.all(
      starts.map(
        async (words) => (await cli.run('serve', '--listen', '127.0.0.1:0', ...words)).err,
      ),
    )
    expect(printed.map((text) => rows.find((words) => saysAll(text, words)) ?? text)).toEqual([
      'another Layerdock is using this folder',
      'is taken: another program listens there',
      'anyone who reaches this server could push and delete',
      'no such flag; did you mean',
      'holds "…" and no store.json, so it is not a store',
      'is of format',
    ])
  })
})

/** Whether a text has words, in which … stands for anything. */
function saysAll(text: string, words: string): boolean {
  return words.split('…').every((part) => text.includes(part))
}
