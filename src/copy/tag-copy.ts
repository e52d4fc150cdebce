import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { TagRecord } from '../ports/metadata-store.ts'
import type { CopyDeps } from './copy-deps.ts'
import { inParallel } from './in-parallel.ts'
import { sideBySide } from './lists.ts'
import { timesOf, wholeMs } from './same.ts'

/** Tags that are looked at together: those of one manifest are set in one step. */
const windowSize = 1000
/** Tags set in one step. */
const tagsPerChange = 100

/** Sets the tags of a repository that the target lacks, once their manifests are there; removes others. */
export async function copyTags(deps: CopyDeps, name: RepositoryName): Promise<void> {
  const { lists, tally, mirror, to } = deps
  let window: TagRecord[] = []
  const extra: Tag[] = []
  const flush = async (): Promise<void> => {
    const groups = groupsOf(window)
    window = []
    await inParallel(groups, deps.concurrency, ([digest, tags]) =>
      deps.slots.run(() => deps.patiently(() => setTags(deps, name, digest, tags))),
    )
    await inParallel(extra.splice(0), deps.concurrency, (tag) =>
      deps.slots.run(() => deps.patiently(() => removeTag(deps, name, tag))),
    )
  }
  const pairs = sideBySide(lists.from.tags(name), lists.to.tags(name), ({ tag }: TagRecord) => tag)
  for await (const pair of pairs) {
    deps.signal?.throwIfAborted()
    if (pair.from === null) {
      if (mirror) extra.push(pair.to.tag)
    } else {
      tally.looked('tag')
      const isSame = pair.to?.digest === pair.from.digest
      const isCurrent =
        !(mirror && to.metadata.keepsTimes === true) ||
        (pair.to !== null && wholeMs(pair.to.updatedAt) === wholeMs(pair.from.updatedAt))
      if (!isSame || !isCurrent) window.push(pair.from)
    }
    if (window.length + extra.length >= windowSize) await flush()
  }
  await flush()
}

function* groupsOf(tags: readonly TagRecord[]): Generator<[Digest, readonly TagRecord[]]> {
  const groups: Map<Digest, TagRecord[]> = new Map()
  for (const record of tags) {
    const group = groups.get(record.digest)
    if (group === undefined) groups.set(record.digest, [record])
    else group.push(record)
  }
  for (const [digest, group] of groups) {
    for (let at = 0; at < group.length; at += tagsPerChange) {
      yield [digest, group.slice(at, at + tagsPerChange)]
    }
  }
}

async function setTags(
  deps: CopyDeps,
  repository: RepositoryName,
  digest: Digest,
  records: readonly TagRecord[],
): Promise<void> {
  const { to, tally, mirror } = deps
  const found = await to.metadata.findManifest(repository, digest)
  if (found === null) {
    if (await isNew(deps, repository, digest)) return
    const detail = `its manifest ${digest} was not copied`
    for (const { tag } of records) {
      tally.problem({ kind: 'missing', what: 'tag', repository, name: tag, detail })
    }
    return
  }
  const { pushedAt: _, untaggedAt: __, pulledAt: ___, ...record } = found
  const tags = records.map(({ tag }) => tag)
  const outcome = await to.metadata.putManifest(repository, {
    record,
    tags,
    immutable: mirror ? [] : tags,
    requires: [],
    // The key of its bytes counts while the manifest is there, and may not be named after that.
    expect: { tag: null, match: [digest] },
    times: timesOf(found, records),
  })
  if (outcome.kind === 'stored') {
    tally.copied('tag', tags.length)
  } else if (outcome.kind === 'immutable') {
    const others = new Map(outcome.tags.map((one) => [one.tag, one.digest]))
    for (const [tag, other] of others) {
      const detail = `it stands for ${other} there, and for ${digest} here`
      tally.problem({ kind: 'conflict', what: 'tag', repository, name: tag, detail })
    }
    const rest = records.filter(({ tag }) => !others.has(tag))
    if (rest.length > 0) await setTags(deps, repository, digest, rest)
  } else {
    // The manifest was deleted in between.
    await setTags(deps, repository, digest, records)
  }
}

/** Whether a manifest was pushed to the source since its manifests were copied: the next copy takes it. */
async function isNew(
  { from, tally }: CopyDeps,
  repository: RepositoryName,
  digest: Digest,
): Promise<boolean> {
  if (tally.hasFailed(digest)) return false
  return (await from.metadata.findManifest(repository, digest)) !== null
}

async function removeTag(
  { to, tally }: CopyDeps,
  repository: RepositoryName,
  tag: Tag,
): Promise<void> {
  if ((await to.metadata.deleteTag(repository, tag)) !== null) tally.removed('tag')
}
