import type { Digest } from '../../oci/digest.ts'
import type { Reference } from '../../oci/reference.ts'
import type { TrashEntry } from '../../ports/metadata-store.ts'
import { countText, shortDigest } from '../format.ts'
import type { PageContext } from '../page.ts'
import type { DeletionFacts } from './load-deletion.ts'

/** What a deletion is about, in a few words: `team/app:v1`. */
export function titleOf(
  { repository, targets }: Pick<DeletionFacts, 'repository' | 'targets'>,
  page: PageContext,
): string {
  if (targets === null) return repository
  const [first] = targets
  if (targets.length === 1 && first !== undefined)
    return `${repository}${suffixOf(first.reference)}`
  return page.text.deletion.several(countText(targets.length, page), repository)
}

function suffixOf(reference: string): string {
  return reference.includes(':') ? `@${shortDigest(reference)}` : `:${reference}`
}

/** What an entry of the trash is, in a few words. */
export function entryTitle({ repository, kind, tag, digest }: TrashEntry): string {
  if (kind === 'tag') return `${repository}:${tag}`
  return digest === undefined ? repository : `${repository}@${shortDigest(digest)}`
}

/** A digest as a reference. */
export function referenceOf(digest: Digest): Reference {
  return { kind: 'digest', digest }
}

const spans = [
  ['day', 24 * 60 * 60 * 1000],
  ['hour', 60 * 60 * 1000],
  ['minute', 60 * 1000],
] as const

/** How long something lasts, as a person says it: `23 hours`. */
export function spanText(ms: number, { text }: Pick<PageContext, 'text'>): string {
  for (const [unit, unitMs] of spans) {
    if (ms >= 2 * unitMs || unit === 'minute') {
      const count = Math.max(1, Math.floor(ms / unitMs))
      return text.deletion.span(count, unit)
    }
  }
  return ''
}
