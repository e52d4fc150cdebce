// Kills the registry while it works, starts it again, and checks everything that it acknowledged.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programOptions } from '../../conformance/program-options.mjs'
import { runtimes, startProgram, startServer } from '../../conformance/servers.mjs'
import { checkContent, checkTag, checkUpload, Ledger } from './ledger.mjs'
import { Dice, Pusher } from './pusher.mjs'
import { Wire } from './wire.mjs'

const help = `node test/clients/kill.mjs [options]

  --rounds N           how often it is killed (default: 20)
  --workers N          how many push at once (default: 8)
  --seed TEXT          what is pushed follows from it (when it is killed does not quite)
  --largest BYTES      the largest layer (default: 300000); with 20000 nearly all goes into segments
  --runtime NAME       what Layerdock runs on: node (default), bun or deno
  --node VERSION       the Node that it runs on: 'current', or such as 26
  --command COMMAND    another registry by its command line, which keeps its store where it likes
  --registry HOST:PORT where that registry listens
  --no-tag-deletes     that registry cannot delete a tag and leave the manifest
  --keep               keep the temporary folder
`

const values = programOptions(help, {
  rounds: { type: 'string', default: '20' },
  workers: { type: 'string', default: '8' },
  seed: { type: 'string', default: `${Date.now()}` },
  largest: { type: 'string', default: '300000' },
  runtime: { type: 'string', default: 'node' },
  node: { type: 'string', default: 'current' },
  command: { type: 'string' },
  registry: { type: 'string' },
  'no-tag-deletes': { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
})
const [rounds, workers] = [Number(values.rounds), Number(values.workers)]
const largest = Number(values.largest)
if (!(rounds >= 1 && workers >= 1 && largest >= 100)) {
  process.stderr.write('--rounds and --workers take positive numbers, --largest at least 100\n')
  process.exit(2)
}
const named = ['node', 'bun', 'deno'].includes(values.runtime)
  ? runtimes[values.runtime]
  : undefined
if (named === undefined) {
  process.stderr.write('--runtime takes node, bun or deno\n')
  process.exit(2)
}

const top = mkdtempSync(join(tmpdir(), 'layerdock-kill-'))
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => process.exit(130))
}
process.once('exit', () => {
  if (values.keep) process.stdout.write(`Kept: ${top}\n`)
  else rmSync(top, { recursive: true, force: true })
})

/** @returns {Promise<import('../../conformance/servers.mjs').RunningServer>} */
function start() {
  if (values.command !== undefined) {
    const [program, ...args] = values.command.split(/\s+/)
    return startProgram(program ?? '', args, values.registry)
  }
  return startServer({ command: runtime.command, entry, store: 'disk', dir: join(top, 'store') })
}

const { title, entry, find } = named
const runtime = find(values.runtime === 'node' ? values.node : 'current')
const ledger = new Ledger()
const dice = new Dice(values.seed)
const name = `kill${Date.now().toString(36)}`
/** @type {string[]} */
const violations = []
const uploads = { continued: 0, finished: 0, gone: 0 }
let slowest = 0

/**
 * Pushes until a number of acknowledgements has arrived, and kills the registry in the middle of the rest.
 * @param {import('../../conformance/servers.mjs').RunningServer} server
 * @param {number} round
 */
async function pushAndKill(server, round) {
  const target = ledger.acknowledged + 20 + dice.next(200)
  let killed = /** @type {Promise<void> | null} */ (null)
  const acknowledged = () => {
    if (killed === null && ledger.acknowledged >= target) killed = server.kill()
  }
  const wire = new Wire(server.host)
  const tagDeletes = !values['no-tag-deletes']
  const pushers = Array.from({ length: workers }, (_, at) => {
    const [repo, seed] = [`${name}/w${at}`, `${values.seed}/${round}/${at}`]
    return new Pusher({ wire, ledger, repo, seed, largest, tagDeletes, acknowledged })
  })
  const ends = await Promise.allSettled(pushers.map((one) => one.work(() => killed !== null)))
  await (killed ?? server.kill())
  for (const end of ends) {
    if (end.status === 'rejected') violations.push(`round ${round}: pushing: ${end.reason}`)
  }
}

/**
 * @template T
 * @param {Iterable<T>} items
 * @param {(item: T) => Promise<unknown>} check
 * @param {number} round
 */
async function checkAll(items, check, round) {
  const queue = items[Symbol.iterator]()
  const worker = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      try {
        await check(next.value)
      } catch (error) {
        violations.push(`round ${round}: ${error instanceof Error ? error.message : error}`)
      }
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

/**
 * Checks everything of this round and a share of older things; in the last round everything.
 * @param {Wire} wire
 * @param {number} round
 */
async function checkRound(wire, round) {
  // As many after a thousand rounds as after the first hundred: what a round costs must not grow.
  const oneIn = Math.max(20, Math.ceil(ledger.contents.size / 200))
  const due = (/** @type {{ round: number }} */ entry) =>
    entry.round === round || round === rounds || dice.next(oneIn) === 0
  // Contents first: a tag may only name a manifest that is there.
  await checkAll(
    [...ledger.contents.values()].filter(due),
    (content) => checkContent(wire, content),
    round,
  )
  await checkAll([...ledger.tags.values()], (tag) => checkTag(wire, ledger, tag), round)
  await checkAll(
    [...ledger.uploads],
    async (upload) => {
      uploads[await checkUpload(wire, ledger, upload)] += 1
    },
    round,
  )
  ledger.uploads.clear()
}

let server = await start()
process.stdout.write(`seed ${values.seed}, ${title} ${runtime.version}\n`)
try {
  for (let round = 1; round <= rounds && violations.length < 20; round += 1) {
    ledger.round = round
    const [before, open] = [ledger.acknowledged, { ...uploads }]
    await pushAndKill(server, round)
    server = await start()
    slowest = Math.max(slowest, server.readyMs)
    await checkRound(new Wire(server.host), round)
    const cells = [
      `round ${`${round}`.padStart(3)}`,
      `${`${ledger.acknowledged - before}`.padStart(4)} acknowledged`,
      `${ledger.contents.size} things known`,
      `uploads: ${uploads.continued - open.continued} continued`,
      `${uploads.finished - open.finished} finished`,
      `${uploads.gone - open.gone} gone`,
      `ready after ${server.readyMs.toFixed(0)} ms`,
    ]
    process.stdout.write(`${cells.join(', ')}\n`)
  }
} finally {
  await server.stop()
}

for (const violation of violations) process.stdout.write(`VIOLATION ${violation}\n`)
const { continued, finished, gone } = uploads
process.stdout.write(
  [
    `${ledger.round} kills, ${ledger.acknowledged} acknowledged changes,`,
    `uploads: ${continued} continued, ${finished} finished by the request under way,`,
    `${gone} gone with nothing acknowledged; slowest start ${slowest.toFixed(0)} ms;`,
    `${violations.length} violations\n`,
  ].join(' '),
)
process.exitCode = violations.length > 0 ? 1 : 0
