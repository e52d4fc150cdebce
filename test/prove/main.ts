// Proves one promise and prints its figure. `npm run prove` starts it on Node; a proof that runs on the runtime
// itself is started again there.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { entryPath, runtimes } from '../../conformance/servers.mjs'
import type { Proof, Runtime } from './proof.ts'
import { proofs } from './proofs.ts'
import { proveSeveral } from './several.ts'

const usage = `npm run prove -- NAME [options]

  --runtime NAME   node (default), bun or deno
  --seed N         what is pushed, drawn and cut follows from it (default: 1)
  --length LENGTH  short (default), full, or a number of what the list below says
  --break NAME     a fault that has to be noticed: the exit code is then 1

  ci: short runs of those that npm test leaves out, each whole and broken

${Object.entries(proofs).map(describe).join('\n')}
`

function describe([name, { says, unit, lengths, breaks }]: [string, Proof]): string {
  return [
    `  ${name}: ${says}`,
    `    ${lengths.short} (short), ${lengths.full} (full) ${unit}`,
    `    --break ${breaks.join(', ')}`,
  ].join('\n')
}

function refuse(message: string): never {
  process.stderr.write(`${message}\n\n${usage}`)
  process.exit(2)
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runtime: { type: 'string', default: 'node' },
    seed: { type: 'string', default: '1' },
    length: { type: 'string', default: 'short' },
    break: { type: 'string' },
  },
})
const [name = ''] = positionals
if (name === 'ci') process.exit(proveSeveral(process.argv[1] ?? '') > 0 ? 1 : 0)
const proof = Object.hasOwn(proofs, name) ? proofs[name] : undefined
if (proof === undefined) refuse(name === '' ? 'Which proof?' : `There is no proof ${name}.`)
const runtime = values.runtime as Runtime
const named = ['node', 'bun', 'deno'].includes(runtime) ? runtimes[runtime] : undefined
if (named === undefined) refuse('--runtime takes node, bun or deno')
const [seed, broken] = [Number(values.seed), values.break ?? null]
if (!Number.isSafeInteger(seed)) refuse('--seed takes a number')
if (broken !== null && !proof.breaks.includes(broken)) refuse(`${name} has no --break ${broken}`)
const { short, full } = proof.lengths
const length =
  values.length === 'short' ? short : values.length === 'full' ? full : Number(values.length)
if (!(length > 0)) refuse('--length takes short, full or a number')

const here: Runtime = 'Bun' in globalThis ? 'bun' : 'Deno' in globalThis ? 'deno' : 'node'
if (proof.where === 'inside' && here !== runtime) {
  const [program = '', ...before] = named.find('current').command
  // Proofs make folders of their own, and read what stands in this one.
  const allowed = runtime === 'deno' ? ['run', '--no-prompt', '--allow-all'] : before
  const args = [...allowed, entryPath('test/prove/main.ts'), ...process.argv.slice(2)]
  const { status } = spawnSync(program, args, { stdio: 'inherit', cwd: entryPath('') })
  process.exit(status ?? 1)
}

const began = performance.now()
const { text, violations } = await proof.run({ runtime, seed, length, broken })
for (const violation of violations.slice(0, 20)) process.stdout.write(`VIOLATION ${violation}\n`)
const { version } = named.find('current')
const seconds = ((performance.now() - began) / 1000).toFixed(0)
process.stdout.write(
  `${name}: ${text} on ${named.title} ${version}, seed ${seed}, in ${seconds} s: ${violations.length} violations\n`,
)
process.exit(violations.length > 0 ? 1 : 0)
