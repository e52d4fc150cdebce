import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import type { Effect, WrittenContent } from './effects.ts'
import type { TrashTerm } from './trash-entries.ts'

/**
 * An effect as it stands in journals and snapshots: a JSON array on one line, its kind first. The
 * grammars of names, tags and digests leave nothing to be escaped, and most lines are made of those
 * alone: building them here is several times faster than JSON.stringify.
 */
export function encodeEffect(effect: Effect): string {
  switch (effect.kind) {
    case 'time':
      return `["time",${effect.now}]`
    case 'link':
      return `["link","${effect.repository}",${blobText(effect.blob)},${effect.keepUntil}]`
    case 'keep':
      return `["keep","${effect.repository}","${effect.digest}",${effect.keepUntil}]`
    case 'unmanifest': {
      const { repository, digest, keepUntil, trash } = effect
      return `["unmanifest","${repository}","${digest}",${keepUntil}${termText(trash)}]`
    }
    case 'manifest': {
      const lease = effect.keepUntil === 0 ? '' : `,${effect.keepUntil}`
      return `["manifest","${effect.repository}",${recordText(effect.record)}${lease}]`
    }
    case 'tag':
      return `["tag","${effect.repository}","${effect.digest}"${tagsText(effect)}]`
    case 'untag':
      return `["untag","${effect.repository}","${effect.tag}"${termText(effect.trash)}]`
    case 'unlink':
      return `["unlink","${effect.repository}","${effect.digest}"${termText(effect.trash)}]`
    case 'untagged':
      return `["untagged","${effect.repository}","${effect.digest}",${effect.time}]`
    case 'pulled':
      return `["pulled","${effect.repository}",${effect.time},"${effect.digests.join('","')}"]`
    case 'pulls':
      return `["pulls",${effect.since}]`
    case 'repository':
      return `["repository","${effect.repository}"${effect.pushedAt === undefined ? '' : `,${effect.pushedAt}`}]`
    case 'unrepository':
      return `["unrepository","${effect.repository}"${termText(effect.trash)}]`
    case 'untrash':
    case 'restore':
    case 'trashed':
      return `["${effect.kind}","${effect.id}"]`
    case 'trash': {
      const { id, repository, deletedAt, keepUntil, content } = effect
      const text = contentText(content)
      return `["trash","${id}","${repository}",${deletedAt},${keepUntil},"${content.kind}"${text}]`
    }
    case 'trash-tags':
      return `["trash-tags","${effect.id}"${tagsText(effect)}]`
    case 'message': {
      const { id, repository, queuedAt, endpoints, text } = effect
      return `["message","${id}","${repository}",${queuedAt},${JSON.stringify(endpoints)},${JSON.stringify(text)}]`
    }
    case 'dead':
      return `["dead","${effect.id}",${effect.tries},${JSON.stringify(effect.error)}]`
    case 'unmessage':
      return `["unmessage","${effect.ids.join('","')}"]`
    case 'located':
    case 'stored':
      return `["${effect.kind}",${blobText(effect.blob)}]`
    case 'missing':
    case 'forget': {
      const key = effect.key === null ? '' : `,${JSON.stringify(effect.key)}`
      return `["${effect.kind}","${effect.digest}"${key}]`
    }
  }
}

function blobText({ digest, size, key }: BlobRef): string {
  return `"${digest}",${size},${JSON.stringify(key)}`
}

function termText(term: TrashTerm | undefined): string {
  return term === undefined ? '' : `,"${term.id}",${term.deletedAt},${term.keepUntil}`
}

function contentText(content: WrittenContent): string {
  switch (content.kind) {
    case 'tag':
      return `,"${content.tag}","${content.digest}",${content.updatedAt}`
    case 'blob':
      return `,${blobText(content.blob)}`
    case 'manifest': {
      const { record, blobs, manifests } = content
      const blobTexts = blobs.map((blob) => `[${blobText(blob)}]`)
      return `,${recordText(record)},[${blobTexts.join(',')}],${JSON.stringify(manifests)}`
    }
    case 'repository':
      return ''
  }
}

/** A time stands before the first tag that was set then, and holds for those after it. */
function tagsText({ tags, times }: Effect & { kind: 'tag' | 'trash-tags' }): string {
  let text = ''
  let last: number | undefined
  for (const [index, tag] of tags.entries()) {
    const time = times[index]
    if (time !== last) text += `,${time}`
    text += `,"${tag}"`
    last = time
  }
  return text
}

/**
 * A record as JSON. Its blob has the record's own digest and size, so only the key is written. As with the
 * lines, what needs no escape is put together here: a snapshot has one of these for every manifest.
 */
function recordText(record: ManifestRecord): string {
  const { digest, size, mediaType, references, artifactType, subject, annotations } = record
  const { blob, pushedAt, untaggedAt, pulledAt, pushedBy, contentSize } = record
  const names = references.length === 0 ? '' : `"${references.join('","')}"`
  let text = `{"digest":"${digest}","size":${size},"mediaType":${JSON.stringify(mediaType)},"key":${JSON.stringify(blob.key)},"references":[${names}]`
  if (artifactType !== undefined) text += `,"artifactType":${JSON.stringify(artifactType)}`
  if (subject !== undefined) text += `,"subject":${JSON.stringify(subject)}`
  if (annotations !== undefined) text += `,"annotations":${JSON.stringify(annotations)}`
  if (untaggedAt !== undefined) text += `,"untaggedAt":${untaggedAt}`
  if (pulledAt !== undefined) text += `,"pulledAt":${pulledAt}`
  if (contentSize !== undefined) text += `,"contentSize":${contentSize}`
  if (pushedBy !== undefined) text += `,"pushedBy":${JSON.stringify(pushedBy)}`
  return `${text},"pushedAt":${pushedAt}}`
}
