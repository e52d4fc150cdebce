// HAProxy in front of the nodes of a cluster.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../../conformance/servers.mjs'
import { until } from './runner.mjs'

const project = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Starts HAProxy with the configuration that the compose file uses.
 * @param {readonly string[]} nodes `127.0.0.1:PORT` of each
 * @param {string} dir its log is `haproxy.log` there
 * @returns {Promise<{ host: string, log: string, stop: () => Promise<void> }>}
 */
export async function startBalancer(nodes, dir) {
  const file = join(dir, 'haproxy.cfg')
  const servers = nodes.map((_, at) => `  server node${at + 1} "\${NODE${at + 1}}"\n`)
  const given = readFileSync(`${project}deploy/compose/haproxy.cfg`, 'utf8')
  writeFileSync(file, given.replace(/(?:^ {2}server node.*\n)+/m, servers.join('')))
  const [port] = await freePorts(1)
  const host = `127.0.0.1:${port}`
  const log = join(dir, 'haproxy.log')
  const child = spawn('haproxy', ['-db', '-f', file], {
    env: {
      ...process.env,
      REGISTRY_BIND: host,
      ...Object.fromEntries(nodes.map((node, at) => [`NODE${at + 1}`, node])),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kept = createWriteStream(log)
  child.stdout.pipe(kept, { end: false })
  child.stderr.pipe(kept, { end: false })
  const ended = once(child, 'exit')
  const endWithUs = () => child.kill('SIGKILL')
  process.once('exit', endWithUs)
  await until(() => {
    if (child.exitCode !== null) throw new Error(`haproxy ended:\n${readFileSync(log, 'utf8')}`)
    return fetch(`http://${host}/v2/`).then(
      ({ status }) => status === 200,
      () => false,
    )
  }, 'the balancer answers')
  return {
    host,
    log,
    async stop() {
      child.kill('SIGTERM')
      await ended
      process.removeListener('exit', endWithUs)
      await new Promise((resolve) => kept.end(resolve))
    },
  }
}
