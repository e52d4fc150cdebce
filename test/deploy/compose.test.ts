import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('../../deploy/compose/', import.meta.url))
const compose = readFileSync(`${folder}many-nodes.yaml`, 'utf8')
const balancer = readFileSync(`${folder}haproxy.cfg`, 'utf8')

test('the balancer knows every node of the compose file', () => {
  const nodes = [...compose.matchAll(/^ {2}(node\d+): \*node$/gm)].map(([, name]) => name)
  const given = [...compose.matchAll(/^ {6}(NODE\d+): (\S+):5000$/gm)]
  const used = [...balancer.matchAll(/^ {2}server (\S+) "\$\{(NODE\d+)\}"$/gm)]
  expect(nodes).toEqual(['node1', 'node2', 'node3'])
  expect(given.map(([, , name]) => name)).toEqual(nodes)
  expect(used.map(([, name]) => name)).toEqual(nodes)
  expect(used.map(([, , variable]) => variable)).toEqual(given.map(([, variable]) => variable))
})

test('no secret stands in the compose file', () => {
  for (const [, value] of compose.matchAll(/(?:PASSWORD|SECRET_\w+): (\S+)/g)) {
    expect(value).toMatch(/^\$\{\w+:\?/)
  }
})

const hasHaproxy = spawnSync('haproxy', ['-v']).status === 0

test.skipIf(!hasHaproxy)('HAProxy accepts its configuration', () => {
  const nodes = { NODE1: '127.0.0.1:1', NODE2: '127.0.0.1:2', NODE3: '127.0.0.1:3' }
  const { status, stderr } = spawnSync('haproxy', ['-c', '-f', `${folder}haproxy.cfg`], {
    env: { ...process.env, ...nodes, REGISTRY_BIND: '127.0.0.1:4' },
    encoding: 'utf8',
  })
  expect({ status, stderr }).toMatchObject({ status: 0 })
  expect(stderr).not.toMatch(/WARNING|ALERT/)
})
