import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freePorts } from '../services/process.ts'
import { type Containers, openContainers, version } from './containers.ts'
import { commandsOf, textOf, wordsOf } from './documented.ts'
import { profileOfUnit } from './system-calls.ts'
import { answers, isLong, isRequired, lacks, run } from './tools.ts'

const commands = commandsOf(textOf('docs/install.md'))
const containerfile = textOf('deploy/Containerfile')

/** The printed commands that run the image with docker or podman. */
const runs = commands.filter((command) => /^(docker|podman) run /.test(command))

test('the lines for docker and podman are the same', () => {
  const [docker, podman] = ['docker', 'podman'].map((program) =>
    runs.filter((line) => line.startsWith(program)).map((line) => line.slice(program.length)),
  )
  expect(docker).toHaveLength(2)
  expect(podman).toEqual(docker)
})

test('the Containerfile pins its bases, and has the version of the package', () => {
  expect(containerfile).toContain(`\nARG VERSION=${version}\n`)
  const bases = [...containerfile.matchAll(/^ARG (?:NODE|BASE)=(\S+)$/gm)].map(([, name]) => name)
  expect(bases).toHaveLength(2)
  for (const base of bases) expect(base).toMatch(/:\d+\.\d+(\.\d+)?(-\w+)*$/)
  // Everything from elsewhere is one of these, and nothing is downloaded by other means.
  const froms = [...containerfile.matchAll(/^FROM (?:--platform=\S+ )?(\S+)/gm)]
  expect(froms.map(([, name]) => name)).toEqual([`\${NODE}`, `\${NODE}`, `\${BASE}`])
  expect(containerfile).not.toMatch(/curl|wget|apt-get/)
})

test('the last stage runs nothing, so that it needs no processor of its kind', () => {
  const last = containerfile.slice(containerfile.lastIndexOf('\nFROM '))
  expect(last).not.toMatch(/^RUN/m)
})

for (const program of ['docker', 'podman']) {
  test.skipIf(lacks(program, answers(program, '--version'), `apt-get install ${program}`))(
    `${program} knows every flag of its lines`,
    () => {
      const { out } = run(program, ['run', '--help'])
      for (const line of runs.filter((each) => each.startsWith(program))) {
        const words = wordsOf(line)
        const own = words.slice(2, words.indexOf('layerdock'))
        for (const flag of own.filter((word) => word.startsWith('--'))) {
          expect(out).toMatch(new RegExp(`${flag}\\b`))
        }
      }
    },
  )
}

const buildah = lacks('buildah', answers('buildah', '--version'), 'apt-get install buildah')

// It takes a minute, so a plain `npm test` leaves it out.
describe.skipIf(buildah || !isLong || !existsSync('/usr/bin/dpkg'))('the image', () => {
  let containers: Containers
  /** Why there is no image: buildah may be installed where it can make no container. */
  let problem: string | null = null
  beforeAll(() => {
    try {
      containers = openContainers()
      containers.build('layerdock')
    } catch (error) {
      if (isRequired('buildah')) throw error
      problem = `not run: buildah cannot build the image here (${(error as Error).message})`
      process.stderr.write(`${problem}\n`)
    }
  }, 300_000)
  beforeEach(({ skip }) => {
    if (problem !== null) skip(problem)
  })
  afterAll(() => containers?.remove(), 60_000)

  test('says what it is and runs as a user of its own', () => {
    const found = containers.done('buildah', ['inspect', '--type', 'image', 'layerdock'])
    const { config, architecture } = JSON.parse(found).OCIv1
    expect(architecture).toMatch(/amd64|arm64/)
    expect(config).toMatchObject({
      User: '65532:65532',
      ExposedPorts: { '5000/tcp': {} },
      Entrypoint: ['layerdock'],
      Cmd: ['serve'],
      Volumes: { '/var/lib/layerdock': {} },
      WorkingDir: '/var/lib/layerdock',
      StopSignal: 'SIGTERM',
    })
    expect(config.Labels).toMatchObject({
      'org.opencontainers.image.title': 'Layerdock',
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.source': expect.stringMatching(/^https:/),
    })
  })

  test('has what it needs to run, and nothing to build or to install with', () => {
    const container = containers.done('buildah', ['from', 'layerdock']).trim()
    const script =
      'set -e; cd /usr/lib/layerdock; for f in node_modules/* node_modules/@*/*; do echo "$f"; done; ' +
      'for f in /usr/local/bin/*; do echo "$f"; done; for f in dist/* dist/adapters/*; do echo "$f"; done; ' +
      '[ -O /var/lib/layerdock ] && [ -O /etc/layerdock ] && [ ! -w /usr/lib/layerdock ] && ' +
      '[ ! -O /usr/lib/layerdock/package.json ] && echo owned; layerdock --version'
    const out = containers.done('buildah', ['run', container, 'sh', '-c', script])
    const lines = out.trim().split('\n')
    expect(lines.filter((line) => line.startsWith('/usr/local/bin/')).sort()).toEqual([
      '/usr/local/bin/flock',
      '/usr/local/bin/layerdock',
      '/usr/local/bin/node',
    ])
    expect(lines.filter((line) => line.startsWith('dist/'))).toEqual([
      'dist/adapters',
      'dist/adapters/cli',
    ])
    const packages = lines.filter((line) => line.startsWith('node_modules/'))
    const names = packages.map((path) => path.replace('node_modules/', ''))
    const { dependencies, devDependencies } = JSON.parse(textOf('package.json'))
    expect(names).toEqual(expect.arrayContaining(Object.keys(dependencies)))
    for (const name of Object.keys(devDependencies)) expect(names).not.toContain(name)
    expect(lines.slice(-2)).toEqual(['owned', version])
    containers.done('buildah', ['rm', container])
  })

  const podman = lacks('podman', answers('podman', '--version'), 'apt-get install podman')

  test.skipIf(podman)(
    'takes a push and a pull, run as printed',
    { timeout: 120_000 },
    async (t) => {
      if (containers.run('podman', ['run', '--rm', 'layerdock', '--version']).status !== 0) {
        t.skip('podman runs no container here')
      }
      writeFileSync(join(containers.folder, 'password.txt'), 'a long password\n')
      const [port] = await freePorts(1)
      const sh = (line: string): string =>
        containers.done('sh', ['-c', `cd ${containers.folder} && ${line}`])
      for (const line of runs.filter((each) => each.startsWith('podman'))) {
        sh(line.replace('127.0.0.1:5000:', `127.0.0.1:${port}:`))
      }
      const host = `127.0.0.1:${port}`
      await until(async () => (await fetch(`http://${host}/ready`)).status === 200)
      expect(containers.done('podman', ['exec', 'registry', 'layerdock', 'health'])).toContain('ok')

      const login = ['--tls-verify=false', '--creds', 'alice:a long password']
      const image = `docker://${host}/local-base`
      containers.done('buildah', ['push', ...login, 'localhost/local-base', image])
      const id = ['inspect', '--type', 'image', '--format', '{{.FromImageID}}']
      const pushed = containers.done('buildah', [...id, 'localhost/local-base'])
      containers.done('buildah', ['pull', ...login, image])
      expect(containers.done('buildah', [...id, `${host}/local-base`])).toBe(pushed)

      for (const line of commands.filter((each) => each.startsWith('podman exec'))) sh(line)
      const touch = ['exec', 'registry', 'node', '-e', 'fs.writeFileSync("/usr/x", "")']
      expect(containers.run('podman', touch).err).toContain('EROFS')

      containers.done('podman', ['stop', 'registry'])
      const log = containers.run('podman', ['logs', 'registry'])
      expect(`${log.out}${log.err}`).toMatch(/"SIGTERM".*"stopping"[\s\S]*"stopped"/)
      const code = ['inspect', '--format', '{{.State.ExitCode}}', 'registry']
      expect(containers.done('podman', code).trim()).toBe('0')

      // What was pushed outlives the container.
      containers.done('podman', ['start', 'registry'])
      await until(async () => (await fetch(`http://${host}/ready`)).status === 200)
      containers.done('buildah', ['pull', ...login, '--policy', 'always', image])
    },
  )

  const systemd = lacks('systemd-analyze', answers('systemd-analyze', '--version'), 'systemd')

  test.skipIf(podman || systemd)(
    'needs no system call that the unit of systemd takes away',
    { timeout: 120_000 },
    async (t) => {
      const profile = join(containers.folder, 'system-calls.json')
      writeFileSync(profile, JSON.stringify(profileOfUnit()))
      const [port] = await freePorts(1)
      const confined = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges']
      const { status, err } = containers.run('podman', [
        ...['run', '--detach', '--name', 'confined', '--publish', `127.0.0.1:${port}:5000`],
        ...[...confined, '--security-opt', `seccomp=${profile}`],
        ...['layerdock', 'serve', '--allow-anonymous-push'],
      ])
      if (status !== 0 && /runc|crun|OCI/.test(err)) t.skip('podman runs no container here')
      const host = `127.0.0.1:${port}`
      await until(async () => (await fetch(`http://${host}/ready`)).status === 200)
      const image = `docker://${host}/local-base`
      const plain = '--tls-verify=false'
      containers.done('buildah', ['push', plain, 'localhost/local-base', image])
      containers.done('buildah', ['pull', plain, image])
      containers.done('podman', ['stop', 'confined'])
      const { out } = containers.run('podman', ['logs', 'confined'])
      expect(out).toContain('"msg":"stopped"')
      expect(out).not.toMatch(/"level":"(warn|error)"/)
    },
  )

  test.skipIf(podman)('runs as any user, without a volume that it owns', (t) => {
    const words = ['run', '--rm', '--user', '12345:12345', '--read-only', '--cap-drop', 'ALL']
    const { status, out, err } = containers.run('podman', [
      ...words,
      ...['--entrypoint', 'node', 'layerdock', '-e', anyUser],
    ])
    if (/runc|crun|OCI/.test(err)) t.skip('podman runs no container here')
    // podman warns of what it does not find on this machine.
    const told = err.replaceAll(/^time=.* level=warning .*\n/gm, '')
    expect({ status, err: told }).toEqual({ status: 0, err: '' })
    expect(out).toContain('"signal":"SIGTERM"')
  })
})

/** Starts a server inside the container, asks how it is, and ends it. */
const anyUser = `
const { spawn, execFileSync } = require('node:child_process')
const server = spawn('layerdock', ['serve', '--memory', '--listen', '127.0.0.1:5000'])
server.stderr.pipe(process.stderr)
server.stdout.on('data', (bytes) => {
  process.stdout.write(bytes)
  if (!String(bytes).includes('listening')) return
  execFileSync('layerdock', ['health', '--listen', '127.0.0.1:5000'])
  server.kill('SIGTERM')
})
server.on('exit', (code) => { process.exitCode = code ?? 1 })
`

/** Waits until something is so; an error means not yet. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > deadline) throw new Error('it did not happen within a minute')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
