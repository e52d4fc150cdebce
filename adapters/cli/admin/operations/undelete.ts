import * as v from 'valibot'
import {
  type Digest,
  parseDigest,
  parseTag,
  type RepositoryName,
  type Tag,
  type TrashEntry,
} from '../../../../src/index.ts'
import type { CliError } from '../../exit.ts'
import { entry as helpEntry } from '../../help-entry.ts'
import { plain } from '../../plain-text.ts'
import type { Operation, OperationTools } from '../operation.ts'
import { operatorCall } from '../operator-call.ts'
import { expectTrash, repositoryIn, repositorySchema } from './trash-words.ts'
import { nameOf, problem, type Restored, refusal, restoredLines, usage } from './undelete-text.ts'

/** What is to be restored. */
interface UndeleteInput {
  readonly repository: RepositoryName
  readonly tag: Tag | null
  readonly digest: Digest | null
  /** A certain entry, where several have that name. */
  readonly id: string | null
}

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

/** `layerdock undelete`: restores what was deleted last under a name. */
export const undelete: Operation<UndeleteInput, Undeleted> = {
  name: 'undelete',
  help: `layerdock undelete: restore what was deleted, within the server's --trash-time.

  layerdock undelete team/app:v1           # a tag, or the manifest that had it
  layerdock undelete team/app@sha256:…     # a manifest with its tags, or a blob
  layerdock undelete team/app              # a whole repository

Nothing newer is changed: a tag that points to something else now stays. What a manifest needs and what refers to it,
such as signatures, is restored with it if it was deleted too. layerdock trash list shows what there is.

${helpEntry('--id ID', 'one entry of the trash, where several have that name; the last deleted, if not given')}
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
    if (found === null) throw problem(await notThere(input, tools))
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
      if (needed === null) throw await lacking(entry, digest, tools)
      before.push(...(await restore(needed, tools, depth - 1)))
    }
  }
}

/** Restores what a manifest names and was deleted before it, without which it cannot be pulled whole. */
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

/** Restores what refers to a manifest and was deleted after it, as retention does: signatures and the like. */
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

/** Why a tag or index cannot come back: what it needs is nowhere, or in its repository, which was deleted whole. */
async function lacking(
  entry: TrashEntry,
  digest: Digest,
  tools: OperationTools,
): Promise<CliError> {
  const { repository } = entry
  if (!(await isDeletedWhole(repository, tools))) {
    return refusal(entry, { kind: 'missing', digests: [digest] })
  }
  return problem(
    `${nameOf(entry)}: needs ${digest}, and its repository was deleted after it: layerdock undelete ${repository} brings that back, and then this one can`,
  )
}

async function isDeletedWhole(repository: RepositoryName, tools: OperationTools): Promise<boolean> {
  for await (const { kind } of entriesOf(repository, tools)) {
    if (kind === 'repository') return true
  }
  return false
}

async function notThere(
  { repository, tag, digest, id }: UndeleteInput,
  tools: OperationTools,
): Promise<string> {
  const name =
    tag !== null ? `${repository}:${tag}` : digest ? `${repository}@${digest}` : repository
  const entry = id === null ? '' : `, entry ${plain(id, 50)}`
  const isPart = (tag !== null || digest !== null) && id === null
  if (isPart && (await isDeletedWhole(repository, tools))) {
    return `${name}: has no entry of its own, but its repository was deleted whole: layerdock undelete ${repository} brings it back with all that was in it`
  }
  return `${name}${entry}: is not in the trash; layerdock trash list ${repository} shows what is`
}
