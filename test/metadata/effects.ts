import fc from 'fast-check'
import type { Effect } from '../../src/metadata/effects.ts'
import { blobOf, digests, recordOf, repositories, subjects, tags } from './samples.ts'

const repository = fc.constantFrom(...repositories)
const digest = fc.constantFrom(...digests)
const tag = fc.constantFrom(...tags)
const blob = fc
  .record({ digest, copy: fc.integer({ min: 0, max: 1 }) })
  .map(({ digest, copy }) => blobOf(digest, copy))

const record = fc
  .record({
    blob,
    references: fc.array(digest, { maxLength: 4 }),
    subject: fc.option(fc.constantFrom(...subjects)),
    artifactType: fc.option(fc.constantFrom('a/b', 'c/d')),
    annotations: fc.option(
      fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string()), { maxLength: 2 }),
    ),
  })
  .map(({ blob, references, subject, artifactType, annotations }) =>
    recordOf(blob.digest, {
      blob,
      references,
      ...(subject === null ? {} : { subject }),
      ...(artifactType === null ? {} : { artifactType }),
      ...(annotations === null ? {} : { annotations }),
    }),
  )

/** Effects of every kind, on few names, in any order: also in orders that no store makes. */
export const effect: fc.Arbitrary<Effect> = fc.oneof(
  fc.record({ kind: fc.constant('link' as const), repository, blob }),
  fc.record({ kind: fc.constant('unlink' as const), repository, digest }),
  fc.record({ kind: fc.constant('manifest' as const), repository, record }),
  fc.record({ kind: fc.constant('unmanifest' as const), repository, digest }),
  fc.record({
    kind: fc.constant('tag' as const),
    repository,
    digest,
    tags: fc.array(tag, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('untag' as const), repository, tag }),
  fc.record({ kind: fc.constant('repository' as const), repository }),
  fc.record({ kind: fc.constant('hold' as const), blob }),
  fc.record({ kind: fc.constant('forget' as const), digest }),
)
