import * as v from 'valibot'
import {
  type Digest,
  parseDigest,
  parseTag,
  type RepositoryName,
  type RestoreOutcome,
  type Tag,
  type TrashEntry,
} from '../../../../src/index.ts'
import { countText } from '../../copy/amounts.ts'
import { CliError, exitCodes } from '../../exit.ts'
import { entry as helpEntry } from '../../help-entry.ts'
import { plain } from '../../plain-text.ts'
import type { Operation, OperationTools } from '../operation.ts'
import { operatorCall } from '../operator-call.ts'
import { expectTrash, repositoryIn, repositorySchema } from './trash-words.ts'

/** What is to be brought back. */
interface UndeleteInput {
  readonly repository: RepositoryName
  readonly tag: Tag | null
  readonly digest: Digest | null
  /** A certain entry, where several have that name. */
  readonly id: string | null
}

type Restored = RestoreOutcome & { readonly kind: 'restored' }

interface Undeleted {
  /** What came back, in the order in which it did. */
  readonly restored: readonly Restored[]
}

/** How deep what a manifest needs is looked for in the trash: an index names images. */
const deepest = 3
const pageSize = 1000

const digestSchema = v.custom<Digest>(
  (value) => typeof value === 'string' && parseDigest(value) !== null,
)
const tagSchema = v.custom<Tag>((value) => typeof value === 'string' && parseTag(value) !== null)

/** `layerdock undelete`: brings back what was deleted last under a name. */
export const undelete: Operation<UndeleteInput, Undeleted> = {
  name: 'undelete',
  help: `layerdock undelete: bring back what was deleted, within the server's --trash-time.

  layerdock undelete team/app:v1           # a tag, or the manifest that had it
  layerdock undelete team/app@sha256:…     # a manifest with its tags, or a blob
  layerdock undelete team/app              # a whole repository

Nothing that came since is changed: a tag that stands for something else by now stays. What a manifest needs, and
what refers to it, such as signatures, comes back with it where it went too. layerdock trash list shows what there is.

${helpEntry('--id ID', 'a certain entry of the trash, where several have that name; the last deleted, if not given')}
`,
  words: ['REPOSITORY[:TAG|@DIGEST]'],
  flags: { id: 'ID' },
  input: v.strictObject({
    repository: repositorySchema,
    tag: v.nullable(tagSchema),
    digest: v.nullable(digestSchema),
    id: v.nullable(v.string()),
  }),
  inputOf: ({ words: [reference = ''], values }) => ({
    ...referenceIn(reference),
    id: values.get('id')?.at(-1) ?? null,
  }),
  changes: () => true,
  async run(input, tools) {
    expectTrash(tools.stores)
    const found = await findEntry(input, tools)
    if (found === null) throw problem(notThere(input))
    return { restored: await restore(found, tools, deepest) }
  },
  text: ({ restored }) => restored.flatMap(restoredLines).join(''),
}

function referenceIn(text: string): Omit<UndeleteInput, 'id'> {
  const at = text.indexOf('@')
  if (at !== -1) {
    const digest = parseDigest(text.slice(at + 1))
    if (digest === null) throw usage(`${plain(text, 300)}: is not REPOSITORY@DIGEST`)
    return { repository: repositoryIn(text.slice(0, at)), tag: null, digest }
  }
  const colon = text.lastIndexOf(':')
  if (colon === -1) return { repository: repositoryIn(text), tag: null, digest: null }
  const tag = parseTag(text.slice(colon + 1))
  if (tag === null) throw usage(`${plain(text, 300)}: is not REPOSITORY:TAG`)
  return { repository: repositoryIn(text.slice(0, colon)), tag, digest: null }
}

/** The entry that was deleted last of those that are meant. */
async function findEntry(wanted: UndeleteInput, tools: OperationTools): Promise<TrashEntry | null> {
  let found: TrashEntry | null = null
  for await (const entry of entriesOf(wanted.repository, tools)) {
    if (isMeant(entry, wanted)) found = entry
  }
  return found
}

/** All entries of a repository, the oldest first. */
async function* entriesOf(
  repository: RepositoryName,
  { registry, signal }: OperationTools,
  first?: string,
): AsyncGenerator<TrashEntry> {
  const call = operatorCall('undelete')
  let after = first
  do {
    signal.throwIfAborted()
    const page = { limit: pageSize, ...(after === undefined ? {} : { after }) }
    const { items, more } = await registry.unrestricted.listTrash(call, page, repository)
    yield* items
    after = more ? items.at(-1)?.id : undefined
  } while (after !== undefined)
}

function isMeant(entry: TrashEntry, { tag, digest, id }: UndeleteInput): boolean {
  if (id !== null && entry.id !== id) return false
  if (tag !== null) return entry.tag === tag || entry.tags.includes(tag)
  if (digest !== null) return entry.kind !== 'tag' && entry.digest === digest
  return entry.kind === 'repository' || id !== null
}

/** Brings an entry back with what it needs and is in the trash too, and after it what refers to it. */
async function restore(
  entry: TrashEntry,
  tools: OperationTools,
  depth: number,
): Promise<readonly Restored[]> {
  const { registry, signal } = tools
  const { repository, id } = entry
  const before: Restored[] = []
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted()
    const outcome = await registry.unrestricted.restore(operatorCall('undelete'), repository, id)
    if (outcome === null) throw problem(`${nameOf(entry)}: is not in the trash any more`)
    if (outcome.kind === 'restored') {
      const lacking = await restoreLacking(entry, tools, depth)
      return [...before, outcome, ...lacking, ...(await restoreReferrers(entry, tools, depth))]
    }
    if (outcome.kind !== 'missing' || depth === 0 || attempt > 0) throw refusal(entry, outcome)
    for (const digest of outcome.digests) {
      const wanted = { repository, digest, tag: null, id: null }
      const needed = await findEntry(wanted, tools)
      if (needed === null) throw refusal(entry, { ...outcome, digests: [digest] })
      before.push(...(await restore(needed, tools, depth - 1)))
    }
  }
}

/** Brings back what a manifest names and was deleted before it, without which it cannot be pulled whole. */
async function restoreLacking(
  { kind, repository, digest }: TrashEntry,
  tools: OperationTools,
  depth: number,
): Promise<readonly Restored[]> {
  if (kind !== 'manifest' || digest === undefined || depth === 0) return []
  const { metadata } = tools.stores
  const record = await metadata.findManifest(repository, digest)
  const lacking = new Map<Digest, TrashEntry | null>()
  for (const named of record?.references ?? []) {
    const isThere =
      (await metadata.findBlob(repository, named)) ??
      (await metadata.findManifest(repository, named))
    if (isThere === null) lacking.set(named, null)
  }
  if (lacking.size === 0) return []
  for await (const entry of entriesOf(repository, tools)) {
    const isNamed = entry.digest !== undefined && lacking.has(entry.digest)
    if (isNamed && entry.kind !== 'tag') lacking.set(entry.digest, entry)
  }
  const restored: Restored[] = []
  for (const entry of lacking.values()) {
    if (entry !== null) restored.push(...(await restore(entry, tools, depth - 1)))
  }
  return restored
}

/** Brings back what refers to a manifest and was deleted after it, as retention does: signatures and the like. */
async function restoreReferrers(
  { kind, repository, digest, id }: TrashEntry,
  tools: OperationTools,
  depth: number,
): Promise<readonly Restored[]> {
  if (kind !== 'manifest' || depth === 0) return []
  const referrers: TrashEntry[] = []
  for await (const entry of entriesOf(repository, tools, id)) {
    if (entry.kind === 'manifest' && entry.subject === digest) referrers.push(entry)
  }
  const restored: Restored[] = []
  for (const referrer of referrers) restored.push(...(await restore(referrer, tools, depth - 1)))
  return restored
}

function refusal(entry: TrashEntry, outcome: Exclude<RestoreOutcome, Restored>): CliError {
  const name = nameOf(entry)
  switch (outcome.kind) {
    case 'missing':
      return problem(
        `${name}: needs what is gone: ${outcome.digests.slice(0, 5).join(', ')}. Push it again first`,
      )
    case 'exists':
      return problem(
        outcome.digest === undefined
          ? `${name}: there is a repository of that name again, which holds something`
          : `${name}: stands for ${outcome.digest} by now; delete that first`,
      )
    case 'over-quota':
      return problem(
        `${name}: needs ${countText(outcome.needed)} bytes more than the quota of its repository leaves`,
      )
  }
}

function restoredLines({ entry, tags, tagCount, left, leftCount }: Restored): readonly string[] {
  const shown = tags.slice(0, 10).join(', ')
  const more = tagCount > 10 ? `, and ${countText(tagCount - 10)} more` : ''
  const tagged = entry.kind === 'manifest' && tagCount > 0 ? `, tagged ${shown}${more}` : ''
  const lines = [`brought back ${nameOf(entry)}${tagged}\n`]
  for (const { tag, digest } of left.slice(0, 10)) {
    lines.push(`  the tag ${tag} stands for ${digest} by now, and stays\n`)
  }
  if (leftCount > 10) lines.push(`  and so do ${countText(leftCount - 10)} more\n`)
  return lines
}

function nameOf({ repository, kind, tag, digest }: TrashEntry): string {
  if (kind === 'repository') return repository
  return kind === 'tag' ? `${repository}:${tag}` : `${repository}@${digest}`
}

function notThere({ repository, tag, digest, id }: UndeleteInput): string {
  const name =
    tag !== null ? `${repository}:${tag}` : digest ? `${repository}@${digest}` : repository
  const entry = id === null ? '' : `, entry ${plain(id, 50)}`
  return `${name}${entry}: is not in the trash; layerdock trash list ${repository} shows what is`
}

function problem(message: string): CliError {
  return new CliError(exitCodes.problem, [message])
}

function usage(message: string): CliError {
  return new CliError(exitCodes.usage, [message])
}
