// The most memory a registry takes for a large blob, for many uploads at once and for slow readers, each
// on a server started for it, beside the limits that Layerdock promises.

import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measure } from './cell.mjs'
import { programFolder, runProgram } from './program.mjs'
import { number, textTable } from './report.mjs'
import { pullOne } from './scenarios/large-pull.mjs'
import { pushChunked, pushWithLength } from './scenarios/large-push.mjs'
import { slowReaders } from './scenarios/slow-readers.mjs'
import { layerdock, peer } from './servers.mjs'
import { start } from './start.mjs'

/** @import { Scenario, Server, Size } from './types.ts' */

/**
 * @typedef {object} Line one line of the table
 * @property {string} title
 * @property {Scenario} scenario
 * @property {Size} size
 * @property {number} limit megabytes
 * @property {number} [comparedWith] the index of another line, whose peak this one may hardly exceed
 */
/** @typedef {Line & { peak?: number, rate?: number, failed?: string }} Row */

const mib = 1024 * 1024
const timeoutMs = 600_000
const uploads = 64
/** How much more 64 large uploads may take than 64 small ones. */
const growthLimit = 1.2

/**
 * Megabytes (10^6 bytes) of peak resident memory that each runtime may take.
 * @type {Record<string, { layer: number, many: number }>}
 */
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

await runProgram(
  usage,
  {
    quick: { type: 'boolean', default: false },
    runtime: { type: 'string', default: 'node' },
    'upload-mib': { type: 'string', default: '256' },
    peer: { type: 'string' },
    dir: { type: 'string', default: tmpdir() },
    json: { type: 'string' },
    markdown: { type: 'string' },
  },
  async (options) => {
    const limit = limits[options.runtime]
    if (limit === undefined)
      throw new Error(`--runtime is one of ${Object.keys(limits).join(', ')}`)
    const server = options.peer === undefined ? layerdock(options.runtime) : peer(options.peer)
    const folder = programFolder(options.dir, 'memory')
    const { quick } = options
    const wanted = Number(options['upload-mib']) / (quick ? 4 : 1)
    const uploadMib = Math.min(wanted, spaceForEach(folder))
    /** @type {Row[]} */
    const rows = []
    for (const [index, line] of plannedLines(quick, uploadMib, limit).entries()) {
      process.stderr.write(`${line.title}\n`)
      rows.push({ ...line, ...(await peakOf(line, server, join(folder, `${index}`))) })
    }
    report(rows, server, options)
  },
)

/**
 * @param {boolean} quick
 * @param {number} uploadMib the size of the larger of the many uploads
 * @param {{ layer: number, many: number }} limit
 * @returns {Line[]}
 */
function plannedLines(quick, uploadMib, limit) {
  const layerMib = quick ? 512 : 4096
  const layer = { clients: 1, bytes: layerMib * mib, times: 1 }
  const readers = quick ? 200 : 1000
  const many = (/** @type {number} */ mibEach) => ({
    title: `${uploads} uploads of ${mibEach} MiB at once`,
    scenario: pushWithLength,
    size: { clients: uploads, bytes: mibEach * mib },
    limit: limit.many,
  })
  return [
    {
      title: `a layer of ${layerMib} MiB in, with a length`,
      scenario: pushWithLength,
      size: layer,
      limit: limit.layer,
    },
    {
      title: `a layer of ${layerMib} MiB in, chunked`,
      scenario: pushChunked,
      size: layer,
      limit: limit.layer,
    },
    {
      title: `a layer of ${layerMib} MiB in and out`,
      scenario: pullOne,
      size: layer,
      limit: limit.layer,
    },
    many(quick ? 16 : 64),
    { ...many(Math.floor(uploadMib)), comparedWith: 3 },
    {
      title: `${readers} slow readers`,
      scenario: slowReaders,
      size: { clients: readers, bytes: 64 * mib, seconds: quick ? 3 : 10 },
      limit: limit.many,
    },
  ]
}

/**
 * How many MiB each of the uploads may have, so that half of the free disk stays free.
 * @param {string} folder
 */
function spaceForEach(folder) {
  const { bavail, bsize } = statfsSync(folder)
  return (bavail * bsize) / 2 / uploads / mib
}

/**
 * @param {Line} line
 * @param {Server} server
 * @param {string} dir
 * @returns {Promise<Pick<Row, 'peak' | 'rate' | 'failed'>>}
 */
async function peakOf({ scenario, size }, server, dir) {
  const running = await start(server, dir)
  try {
    const measured = await measure(scenario, size, running, { timeoutMs, wholePeak: true })
    if (measured.failed !== undefined) return { failed: measured.failed }
    const { peakBytes, rate } = measured
    if (typeof peakBytes !== 'number') return { failed: 'peak memory is only known on Linux' }
    return { peak: peakBytes / 1e6, rate: rate ?? 0 }
  } finally {
    await running.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

/**
 * @param {readonly Row[]} rows
 * @param {Server} server
 * @param {{ json?: string | undefined, markdown?: string | undefined }} options
 */
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
    const [head = '', ...body] = cells.map((row) => `| ${row.join(' | ')} |`)
    const table = [head, '| --- | --: | --: | --- |', ...body].join('\n')
    writeFileSync(
      options.markdown,
      `\`${command}\`, ${date}, Node ${process.version}\n\n${table}\n`,
    )
  }
  if (judged.some(({ verdict: word }) => word !== 'held')) process.exitCode = 1
}

/**
 * @param {Row} row
 * @param {readonly Row[]} rows
 */
function verdict({ failed, peak = 0, limit, comparedWith }, rows) {
  if (failed !== undefined) return `failed: ${failed}`
  if (peak > limit) return 'over'
  const base = comparedWith === undefined ? undefined : rows[comparedWith]?.peak
  if (base !== undefined && peak > growthLimit * base) {
    return `grew ${(peak / base).toFixed(2)}x with the size of the uploads`
  }
  return 'held'
}
