// A team's month in minutes.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programOptions } from '../../conformance/program-options.mjs'
import { entryPath, runtimes } from '../../conformance/servers.mjs'
import { month } from './month.mjs'

const help = `node test/month/run.mjs [options]

  --days N           how many days the month has (default: 30)
  --repositories N   (default: 50)
  --members N        how many work beside each other (default: 8)
  --kills N          how often the server is killed (default: 8)
  --layer-bytes N    the least size of a layer (default: 70000)
  --trash-time TIME  how long what was deleted can be brought back (default: 30s)
  --seed TEXT        what is done follows from it (when it meets what does not quite)
  --runtime NAME     what Layerdock runs on: node (default), bun or deno
  --lose             have the policy keep less than has to be there, which must be noticed
  --keep             keep the temporary folder
`

const values = programOptions(help, {
  days: { type: 'string', default: '30' },
  repositories: { type: 'string', default: '50' },
  members: { type: 'string', default: '8' },
  kills: { type: 'string', default: '8' },
  'layer-bytes': { type: 'string', default: '70000' },
  'trash-time': { type: 'string', default: '30s' },
  seed: { type: 'string', default: `${Date.now()}` },
  runtime: { type: 'string', default: 'node' },
  lose: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
})
const runtime = ['node', 'bun', 'deno'].includes(values.runtime)
  ? runtimes[values.runtime]
  : undefined
const counts = {
  days: Number(values.days),
  repositories: Number(values.repositories),
  members: Number(values.members),
  kills: Number(values.kills),
  layerBytes: Number(values['layer-bytes']),
}
if (runtime === undefined || !Object.values(counts).every((count) => count >= 0)) {
  process.stderr.write(help)
  process.exit(2)
}

const top = mkdtempSync(join(tmpdir(), 'layerdock-month-'))
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => process.exit(130))
}
process.once('exit', () => {
  if (values.keep) process.stdout.write(`Kept: ${top}\n`)
  else rmSync(top, { recursive: true, force: true })
})
const { command, version } = runtime.find('current')
process.stdout.write(`A month on ${runtime.title} ${version}, seed ${values.seed}\n`)
const { problems, figures } = await month({
  command: [...command, entryPath(runtime.entry)],
  ...{ top, seed: values.seed, ...counts },
  newest: { nightly: 7, ci: 5 },
  ...(values.lose ? { policyKeeps: { nightly: 2, ci: 2 } } : {}),
  trashTime: values['trash-time'],
  say: (line) => process.stdout.write(`${line}\n`),
})
for (const [name, figure] of Object.entries(figures)) {
  process.stdout.write(`${name.padEnd(12)} ${figure.toLocaleString('en-US')}\n`)
}
for (const problem of problems.slice(0, 50)) process.stdout.write(`WRONG ${problem}\n`)
process.stdout.write(
  `${problems.length === 0 ? 'All that is kept is there' : `${problems.length} problems`}\n`,
)
process.exitCode = problems.length === 0 ? 0 : 1
