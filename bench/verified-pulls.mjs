// What `--verify-reads` costs: the processor's time of a server for each MiB of a large blob that is pulled whole, and
// how fast it comes, with and without. For one runtime, or all: node bench/verified-pulls.mjs --runtime bun

import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runtimes, startServer } from '../conformance/servers.mjs'
import { cpuSeconds } from './process-usage.mjs'

const mib = 1024 * 1024
const content = randomBytes(256 * mib)
const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
const pulls = 8

const { values } = parseArgs({ options: { runtime: { type: 'string', multiple: true } } })
for (const name of values.runtime ?? ['node', 'bun', 'deno']) {
  const runtime = runtimes[name]
  if (runtime === undefined) throw new Error(`${name}: there is no such runtime`)
  const { title, entry } = runtime
  const { command, version } = runtime.find('current')
  for (const args of [[], ['--verify-reads']]) {
    const dir = mkdtempSync(join(tmpdir(), 'layerdock-bench-'))
    const server = await startServer({ command, entry, store: 'disk', dir, args })
    try {
      const blobs = `http://${server.host}/v2/bench/blobs`
      const pushed = await fetch(`${blobs}/uploads/?digest=${digest}`, {
        method: 'POST',
        body: content,
      })
      if (pushed.status !== 201) throw new Error(await pushed.text())
      await pull(`${blobs}/${digest}`)
      const [cpu, began] = [cpuSeconds(server.pid) ?? 0, performance.now()]
      for (let count = 0; count < pulls; count += 1) await pull(`${blobs}/${digest}`)
      const pulled = (pulls * content.byteLength) / mib
      const perMib = (((cpuSeconds(server.pid) ?? 0) - cpu) * 1000) / pulled
      const rate = pulled / ((performance.now() - began) / 1000)
      const how = args[0] ?? 'without'
      process.stdout.write(
        `${title} ${version}, ${how}: ${perMib.toFixed(2)} ms of the processor for a MiB, ${rate.toFixed(0)} MiB/s\n`,
      )
    } finally {
      await server.stop()
      rmSync(dir, { recursive: true })
    }
  }
}

/**
 * Reads a blob to its end, and throws it away.
 * @param {string} url
 */
function pull(url) {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (response) => {
      response.once('error', reject)
      response.once('end', resolve)
      response.resume()
    })
    request.once('error', reject)
  })
}
