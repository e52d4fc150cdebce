// The most memory a registry takes for what is large, for many at once, and for who reads slowly,
// each on a server started for it, against the limits that Layerdock promises.

import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programOptions } from '../conformance/program-options.mjs'
import { measure } from './cell.mjs'
import { number, textTable } from './report.mjs'
import { pullOne } from './scenarios/large-pull.mjs'
import { pushChunked, pushWithLength } from './scenarios/large-push.mjs'
import { slowReaders } from './scenarios/slow-readers.mjs'
import { layerdock, peer, start } from './servers.mjs'

const mib = 1024 * 1024
const timeoutMs = 600_000
const uploads = 64
/** How much more 64 large uploads may take than 64 small ones. */
const growthLimit = 1.2

/** Megabytes (10^6 bytes) of peak resident memory that each runtime may take. */
const limits = {
  node: { layer: 200, many: 256 },
  deno: { layer: 200, many: 256 },
  bun: { layer: 300, many: 448 },
}

const usage = `node bench/memory.mjs [options]

  --quick                an eighth of the sizes, or so
  --runtime NAME         what Layerdock runs on: ${Object.keys(limits).join(', ')} (default: node)
  --upload-mib N         size of the larger of the many uploads (default: 256)
  --peer NAME=COMMAND    another registry instead, as bench/README.md says
  --dir FOLDER           where it keeps things (default: ${tmpdir()})
  --json FILE            write every figure there
  --markdown FILE        write the table there
`

try {
  await main()
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

async function main() {
  const options = programOptions(usage, {
    quick: { type: 'boolean', default: false },
    runtime: { type: 'string', default: 'node' },
    'upload-mib': { type: 'string', default: '256' },
    peer: { type: 'string' },
    dir: { type: 'string', default: tmpdir() },
    json: { type: 'string' },
    markdown: { type: 'string' },
  })
  const limit = limits[options.runtime]
  if (limit === undefined) throw new Error(`--runtime is one of ${Object.keys(limits).join(', ')}`)
  const server = options.peer === undefined ? layerdock(options.runtime) : peer(options.peer)
  const folder = mkdtempSync(join(options.dir, 'layerdock-memory-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))

  const rows = []
  for (const [index, line] of plannedLines(options, limit, folder).entries()) {
    process.stderr.write(`${line.title}\n`)
    rows.push({ ...line, ...(await peakOf(line, server, join(folder, `${index}`))) })
  }
  report(rows, server, options)
}

function plannedLines({ quick, 'upload-mib': uploadMib }, limit, folder) {
  const layerMib = quick ? 512 : 4096
  const layer = { clients: 1, bytes: layerMib * mib, times: 1 }
  const small = quick ? 16 : 64
  const large = Math.floor(Math.min(Number(uploadMib) / (quick ? 4 : 1), spaceForEach(folder)))
  const readers = quick ? 200 : 1000
  const many = (mibEach) => ({
    title: `${uploads} uploads of ${mibEach} MiB at once`,
    road: pushWithLength,
    size: { clients: uploads, bytes: mibEach * mib },
    limit: limit.many,
  })
  return [
    {
      title: `a layer of ${layerMib} MiB in, with a length`,
      road: pushWithLength,
      size: layer,
      limit: limit.layer,
    },
    {
      title: `a layer of ${layerMib} MiB in, chunked`,
      road: pushChunked,
      size: layer,
      limit: limit.layer,
    },
    {
      title: `a layer of ${layerMib} MiB in and out`,
      road: pullOne,
      size: layer,
      limit: limit.layer,
    },
    many(small),
    { ...many(large), against: 3 },
    {
      title: `${readers} slow readers`,
      road: slowReaders,
      size: { clients: readers, bytes: 64 * mib, seconds: quick ? 3 : 10 },
      limit: limit.many,
    },
  ]
}

/** How many MiB each of the uploads may have, so that half of the free disk stays free. */
function spaceForEach(folder) {
  const { bavail, bsize } = statfsSync(folder)
  return (bavail * bsize) / 2 / uploads / mib
}

async function peakOf({ road, size }, server, dir) {
  const running = await start(server, dir)
  try {
    const figures = await measure(road, size, running, { timeoutMs, wholePeak: true })
    return figures.failed === undefined
      ? { peak: figures.peakBytes / 1e6, rate: figures.rate }
      : { failed: figures.failed }
  } finally {
    await running.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

function report(rows, { name }, options) {
  const judged = rows.map((row) => ({ ...row, verdict: verdict(row, rows) }))
  const cells = [
    ['peak resident memory (VmHWM), 10^6 bytes', name, 'limit', ''],
    ...judged.map(({ title, peak = null, limit, verdict: word }) => [
      title,
      number(peak),
      `${limit}`,
      word,
    ]),
  ]
  process.stdout.write(`${textTable(cells).join('\n')}\n`)
  const command = ['node bench/memory.mjs', ...process.argv.slice(2)].join(' ')
  const date = new Date().toISOString().slice(0, 10)
  if (options.json !== undefined) {
    const lines = judged.map(({ title, peak, limit, failed, verdict: word }) => ({
      title,
      peak,
      limit,
      failed,
      verdict: word,
    }))
    writeFileSync(options.json, `${JSON.stringify({ command, date, name, lines }, null, 2)}\n`)
  }
  if (options.markdown !== undefined) {
    const [head, ...body] = cells.map((row) => `| ${row.join(' | ')} |`)
    const table = [head, '| --- | --: | --: | --- |', ...body].join('\n')
    writeFileSync(
      options.markdown,
      `\`${command}\`, ${date}, Node ${process.version}\n\n${table}\n`,
    )
  }
  if (judged.some(({ verdict: word }) => word !== 'held')) process.exitCode = 1
}

function verdict({ failed, peak, limit, against }, rows) {
  if (failed !== undefined) return `failed: ${failed}`
  if (peak > limit) return 'over'
  const base = rows[against]?.peak
  if (base !== undefined && peak > growthLimit * base) {
    return `grew ${(peak / base).toFixed(2)}x with the size of the uploads`
  }
  return 'held'
}
