import * as v from 'valibot'
import { type Digest, type GarbageReport, parseDigest } from '../../../../src/index.ts'
import type { BytesHolder, MetadataStore } from '../../../../src/kit.ts'
import { countText, sizeText } from '../../copy/amounts.ts'
import { CliError, exitCodes } from '../../exit.ts'
import { entry } from '../../help-entry.ts'
import { plain } from '../../plain-text.ts'
import type { Operation } from '../operation.ts'
import { type Explained, type GcResult, gcLines, type Unknown } from './gc-text.ts'

interface GcInput {
  readonly dropEmpty: boolean
  readonly dryRun: boolean
  readonly explain: Digest | null
}

/** Blobs and reasons that an answer names. */
const named = 50

const digest: v.GenericSchema<unknown, Digest> = v.custom<Digest>(
  (value) => typeof value === 'string' && parseDigest(value) !== null,
)

/** `layerdock gc`: collects garbage, or says what that would free, or why bytes are kept. */
export const gc: Operation<GcInput, GcResult, GarbageReport> = {
  name: 'gc',
  help: `layerdock gc: delete the bytes that nothing names any more.

  layerdock gc
  layerdock gc --dry-run
  layerdock gc --explain sha256:…

What a manifest names stays, and so does what was pushed, mounted or confirmed within the server's --lease,
and what was deleted and can still be restored. Clients push and pull meanwhile.

${entry('--dry-run', 'say what would be freed now, and change nothing')}
${entry('--explain DIGEST', 'say why these bytes are kept, or that they go: which repositories have them, which manifests name them, which leases still run')}
${entry('--drop-empty', 'drop repositories that hold nothing, too')}
`,
  flags: { 'dry-run': null, explain: 'DIGEST', 'drop-empty': null },
  input: v.strictObject({
    dropEmpty: v.boolean(),
    dryRun: v.boolean(),
    explain: v.nullable(digest),
  }),
  inputOf({ switches, values }) {
    const text = values.get('explain')?.at(-1)
    const [dropEmpty, dryRun] = [switches.has('drop-empty'), switches.has('dry-run')]
    if (text !== undefined && (dropEmpty || dryRun)) {
      throw wrong(
        '--explain changes nothing and frees nothing: leave --dry-run and --drop-empty out',
      )
    }
    if (dropEmpty && dryRun) throw wrong('--dry-run: says nothing of empty repositories')
    return { dropEmpty, dryRun, explain: text === undefined ? null : digestIn(text) }
  },
  changes: ({ dryRun, explain }) => !dryRun && explain === null,
  async run({ dropEmpty, dryRun, explain }, { registry, stores, signal, tell }) {
    const { metadata } = stores
    if (explain !== null) return await explained(metadata, explain)
    if (dryRun) {
      const due = await metadata.dueGarbage?.(named)
      if (due === undefined) throw unable('--dry-run')
      return { kind: 'due', ...due }
    }
    const how = { emptyRepositories: dropEmpty, signal, onProgress: tell }
    const freed = await registry.collectGarbage(how)
    return { kind: 'freed', ...freed, compacted: await registry.compactBytes() }
  },
  progressText: ({ blobs, bytes }) => `freed ${sizeText(bytes)}: ${countText(blobs)} blobs so far`,
  text: (result) =>
    gcLines(result)
      .map((line) => `${line}\n`)
      .join(''),
  exitCode: ({ kind }) => (kind === 'unknown' ? exitCodes.problem : exitCodes.ok),
}

async function explained(metadata: MetadataStore, digest: Digest): Promise<Explained | Unknown> {
  if (metadata.explainBytes === undefined) throw unable('--explain')
  const reasons = await metadata.explainBytes(digest, named)
  if (reasons === null) return { kind: 'unknown', digest }
  const isDue = !reasons.more && !reasons.holders.some(keeps)
  return { kind: 'explained', digest, isDue, ...reasons }
}

function keeps(holder: BytesHolder): boolean {
  if (holder.kind === 'manifest') return true
  if (holder.kind === 'trash') return holder.leftMs > 0
  return holder.leaseLeftMs === null || holder.leaseLeftMs > 0
}

function digestIn(text: string): Digest {
  const digest = parseDigest(text)
  if (digest === null)
    throw wrong(`--explain ${plain(text, 200)}: is not a digest, such as sha256:…`)
  return digest
}

function unable(flag: string): CliError {
  return new CliError(exitCodes.problem, [`${flag}: the stores of this registry cannot say that`])
}

function wrong(message: string): CliError {
  return new CliError(exitCodes.usage, [message])
}
