import { describe, expect, test } from 'vitest'
import { documentsOf, project, textOf } from './documented.ts'
import { servedBy } from './settings.ts'
import { answers, lacks, run } from './tools.ts'

interface Service {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly user?: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly stop_grace_period?: string
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly mem_limit?: string
  readonly logging?: { readonly driver: string; readonly options: Readonly<Record<string, string>> }
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}

/** What a compose file may say of the whole and of a service, as far as ours do. */
const topKeys = ['name', 'services', 'networks', 'volumes', 'secrets', 'x-logging', 'x-node']
const serviceKeys = [
  ...['build', 'image', 'user', 'command', 'environment', 'ports', 'secrets', 'volumes', 'tmpfs'],
  ...['read_only', 'cap_drop', 'security_opt', 'restart', 'stop_grace_period', 'healthcheck'],
  ...['depends_on', 'networks', 'mem_limit', 'logging'],
]

const folder = `${project}deploy/compose/`
const files = ['one-node.yaml', 'many-nodes.yaml'] as const
const balancer = textOf('deploy/compose/haproxy.cfg')
const manyNodes = textOf('deploy/compose/many-nodes.yaml')

test('no secret stands in a compose file', () => {
  for (const file of files) {
    const text = textOf(`deploy/compose/${file}`)
    for (const [, value] of text.matchAll(/(?:PASSWORD|SECRET_\w+): (\S+)/g)) {
      expect(value).toMatch(/^\$\{\w+:\?/)
    }
  }
})

// One project of the same name would take the containers of the other for its own, and `--remove-orphans` removes them.
test('the compose files are projects of different names', () => {
  const names = files.map((file) => /^name: (\S+)$/m.exec(textOf(`deploy/compose/${file}`))?.[1])
  expect(new Set(names).size).toBe(files.length)
})

test('the balancer knows every node of the compose file', () => {
  const nodes = [...manyNodes.matchAll(/^ {2}(node\d+): \*node$/gm)].map(([, name]) => name)
  const given = [...manyNodes.matchAll(/^ {6}(NODE\d+): (\S+):5000$/gm)]
  const used = [...balancer.matchAll(/^ {2}server (\S+) "\$\{(NODE\d+)\}"$/gm)]
  expect(nodes).toEqual(['node1', 'node2', 'node3'])
  expect(given.map(([, , name]) => name)).toEqual(nodes)
  expect(used.map(([, name]) => name)).toEqual(nodes)
  expect(used.map(([, , variable]) => variable)).toEqual(given.map(([, variable]) => variable))
})

// A container may have a billion files open, and HAProxy has only some memory.
test('the balancer takes a number of connections that it has memory for', () => {
  expect(balancer).toMatch(/^global\n(?: .*\n)* {2}maxconn \d{3,4}$/m)
})

describe.for(files)('%s', (file) => {
  const [document] = documentsOf<Compose>(textOf(`deploy/compose/${file}`))
  const services = Object.entries(document?.services ?? {})
  const nodes = services.filter(([, { image }]) => image === 'layerdock:local')

  test('says nothing that compose does not know', () => {
    expect(topKeys).toEqual(expect.arrayContaining(Object.keys(document ?? {})))
    for (const [, service] of services) {
      expect(serviceKeys).toEqual(expect.arrayContaining(Object.keys(service)))
    }
  })

  test('has nodes that the program starts with', async () => {
    expect(nodes.length).toBeGreaterThan(0)
    for (const [, { command = [], environment = {} }] of nodes) {
      const settings = await servedBy(command, {
        LAYERDOCK_LISTEN: ':5000',
        LAYERDOCK_STORAGE_DIR: '/var/lib/layerdock',
        ...environment,
      })
      expect(settings.listen).toEqual({ host: '::', port: 5000 })
      expect(settings.htpasswd).toBe('/etc/layerdock/users.htpasswd')
    }
  })

  test('gives nodes no rights, and the time to end', async () => {
    for (const [, node] of nodes) {
      expect(node.read_only).toBe(true)
      expect(node.cap_drop).toEqual(['ALL'])
      const { drainDelay, drainSeconds } = await servedBy(node.command ?? [])
      const given = Number.parseInt(node.stop_grace_period ?? '', 10)
      expect(given).toBeGreaterThanOrEqual(drainDelay + drainSeconds + 10)
    }
  })

  test('bounds the memory and the log of every container', () => {
    for (const [name, { mem_limit, logging }] of services) {
      expect(mem_limit, name).toMatch(/^\d+[mg]$/)
      expect(logging, name).toEqual({
        driver: 'json-file',
        options: { 'max-size': expect.stringMatching(/^\d+m$/), 'max-file': expect.any(String) },
      })
    }
  })

  test('mounts volumes that it declares', () => {
    const named = services.flatMap(([, { volumes = [] }]) =>
      volumes.map((volume) => volume.split(':')[0] ?? '').filter((name) => !name.startsWith('.')),
    )
    expect(Object.keys(document?.volumes ?? {}).sort()).toEqual([...new Set(named)].sort())
  })
})

const compose = lacks('compose', answers('docker', 'compose', 'version'), 'docker compose')

test.skipIf(compose).for(files)('docker compose accepts %s', (file) => {
  const secrets = { REGISTRY_UID: '1000', POSTGRES_PASSWORD: 'a', S3_SECRET_KEY: 'b' }
  const words = ['compose', '--file', `${folder}${file}`, 'config', '--quiet']
  const { status, err } = run('docker', words, secrets)
  expect({ status, err }).toEqual({ status: 0, err: '' })
})

const haproxy = lacks('haproxy', answers('haproxy', '-v'), 'apt-get install haproxy')

test.skipIf(haproxy)('HAProxy accepts its configuration', () => {
  const nodes = { NODE1: '127.0.0.1:1', NODE2: '127.0.0.1:2', NODE3: '127.0.0.1:3' }
  const environment = { ...nodes, REGISTRY_BIND: '127.0.0.1:4' }
  const { status, err } = run('haproxy', ['-c', '-f', `${folder}haproxy.cfg`], environment)
  expect({ status, err }).toMatchObject({ status: 0 })
  expect(err).not.toMatch(/WARNING|ALERT/)
})

test('Traefik is given what its documentation asks for', () => {
  const [main] = documentsOf<Record<string, Record<string, unknown>>>(
    textOf('deploy/proxies/traefik.yaml'),
  )
  expect(main).toMatchObject({
    entryPoints: {
      websecure: { transport: { respondingTimeouts: { readTimeout: '0s', writeTimeout: '0s' } } },
    },
  })
  const [dynamic] = documentsOf<Record<string, unknown>>(
    textOf('deploy/proxies/traefik-layerdock.yaml'),
  )
  expect(dynamic).toMatchObject({
    http: {
      routers: { layerdock: { service: 'layerdock' } },
      services: { layerdock: { loadBalancer: { healthCheck: { path: '/ready' } } } },
    },
  })
  expect(JSON.stringify(dynamic)).not.toContain('middlewares')
})
