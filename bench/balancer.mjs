// HAProxy in front of several nodes: each request goes to another one.

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePorts, startProcess, until } from './spawn.mjs'

/** @import { Started } from './spawn.mjs' */

/** Whether HAProxy is installed. */
export function hasBalancer() {
  return spawnSync('haproxy', ['-v'], { stdio: 'ignore' }).status === 0
}

/**
 * @param {readonly number[]} ports of the nodes
 * @param {string} folder
 * @returns {Promise<Started & { port: number }>}
 */
export async function startBalancer(ports, folder) {
  mkdirSync(folder, { recursive: true })
  const [port = 0] = await freePorts(1)
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(file, balancerConfig(port, ports))
  const started = startProcess(['haproxy', '-db', '-f', file], { log: join(folder, 'log') })
  await until(() => accepts(port), { what: 'HAProxy did not start', ended: started.ended })
  return { ...started, port }
}

/**
 * @param {number} port
 * @param {readonly number[]} ports
 */
export function balancerConfig(port, ports) {
  return `global
  maxconn 2000
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 5m
  timeout server 5m
  http-reuse always
frontend registry
  bind 127.0.0.1:${port}
  default_backend nodes
backend nodes
  balance roundrobin
${ports.map((each, at) => `  server node${at + 1} 127.0.0.1:${each}`).join('\n')}
`
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
