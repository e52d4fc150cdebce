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
    untaggedAt: fc.option(fc.constantFrom(0, 9)),
    pulledAt: fc.option(fc.constantFrom(3_600_000, 7_200_000)),
    contentSize: fc.option(fc.constantFrom(0, 2 ** 40)),
    pushedBy: fc.option(fc.constantFrom('ann', '', '"\\\u202e', 'x'.repeat(256))),
    annotations: fc.option(
      fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string()), { maxLength: 2 }),
    ),
  })
  .map(({ blob, references, subject, artifactType, annotations, untaggedAt, pulledAt, ...push }) =>
    recordOf(blob.digest, {
      blob,
      references,
      ...(untaggedAt === null ? {} : { untaggedAt }),
      ...(pulledAt === null ? {} : { pulledAt }),
      ...(push.contentSize === null ? {} : { contentSize: push.contentSize }),
      ...(push.pushedBy === null ? {} : { pushedBy: push.pushedBy }),
      ...(subject === null ? {} : { subject }),
      ...(artifactType === null ? {} : { artifactType }),
      ...(annotations === null ? {} : { annotations }),
    }),
  )

const keepUntil = fc.constantFrom(0, 5, 1000, 2000)
const time = fc.constantFrom(0, 1_700_000_000_000, 1_700_000_000_001)

const id = fc.constantFrom('000000001', '000000002', '000000003', '0000000zz')
/** Half of what is deleted goes to the trash. */
const term = fc.option(
  fc.record({ id, deletedAt: fc.constantFrom(0, 5), keepUntil }).map((trash) => ({ trash })),
  { nil: {}, freq: 1 },
)

const endpoints = fc.uniqueArray(fc.constantFrom('east', 'west', '__proto__', '"\\é'), {
  minLength: 1,
  maxLength: 3,
})

/** Effects of every kind, on few names, in any order: also in orders that no store makes. */
export const effect: fc.Arbitrary<Effect> = fc.oneof(
  fc.record({ kind: fc.constant('time' as const), now: fc.constantFrom(0, 7, 1e12) }),
  fc.record({ kind: fc.constant('repository' as const), repository }),
  fc.record({
    kind: fc.constant('repository' as const),
    repository,
    pushedAt: fc.constantFrom(1, 2_000_000_000_000),
  }),
  fc
    .record({ kind: fc.constant('unrepository' as const), repository, term })
    .map(({ term, ...it }) => ({ ...it, ...term })),
  fc.record({ kind: fc.constant('link' as const), repository, blob, keepUntil }),
  fc.record({ kind: fc.constant('keep' as const), repository, digest, keepUntil }),
  fc
    .record({ kind: fc.constant('unlink' as const), repository, digest, term })
    .map(({ term, ...it }) => ({ ...it, ...term })),
  fc.record({ kind: fc.constant('manifest' as const), repository, record, keepUntil }),
  fc
    .record({ kind: fc.constant('unmanifest' as const), repository, digest, keepUntil, term })
    .map(({ term, ...it }) => ({ ...it, ...term })),
  fc
    .record({
      repository,
      digest,
      tags: fc.array(fc.tuple(tag, time), { minLength: 1, maxLength: 3 }),
    })
    .map(({ tags, ...rest }) => ({
      kind: 'tag' as const,
      ...rest,
      tags: tags.map(([name]) => name),
      times: tags.map(([, since]) => since),
    })),
  fc
    .record({ kind: fc.constant('untag' as const), repository, tag, term })
    .map(({ term, ...it }) => ({ ...it, ...term })),
  fc.record({ kind: fc.constant('untrash' as const), id }),
  fc.record({ kind: fc.constant('restore' as const), id }),
  fc.record({ kind: fc.constant('untagged' as const), repository, digest, time }),
  fc.record({
    kind: fc.constant('pulled' as const),
    repository,
    time: fc.constantFrom(0, 3_600_000, 7_200_000),
    digests: fc.array(digest, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('pulls' as const), since: fc.constantFrom(0, 5) }),
  fc.record({
    kind: fc.constant('message' as const),
    id,
    repository,
    queuedAt: time,
    endpoints,
    text: fc.constantFrom('', '1', '{"é":"\\u0000"}', 'x'.repeat(99)),
  }),
  fc.record({
    kind: fc.constant('dead' as const),
    id,
    tries: fc.nat(3),
    error: fc.constantFrom('', 'down', '"\n'),
  }),
  fc.record({
    kind: fc.constant('unmessage' as const),
    ids: fc.array(id, { minLength: 1, maxLength: 2 }),
  }),
  fc.record({ kind: fc.constant('stored' as const), blob }),
  blob.map(({ digest, key }) => ({ kind: 'missing' as const, digest, key })),
  blob.map(({ digest, key }) => ({ kind: 'forget' as const, digest, key })),
)
