import type { Outbox, OutboxMessage, Tell } from '../../kit.ts'
import { equals, rejects } from '../contract.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../samples.ts'
import { drain, east, outboxCase, west } from './outbox-case.ts'
import {
  blobOf,
  here,
  long,
  type MetadataStoreCase,
  manifestOf,
  record,
  there,
} from './store-case.ts'
import { onlyEntry, trashMs } from './trash-case.ts'

const latest = tagNamed('latest')
const digest = sampleDigest(1)

/** What each change tells of, and when it tells nothing. */
export const outboxTellCases: readonly MetadataStoreCase[] = [
  outboxCase('a manifest that is recorded is told of', async (store, outbox) => {
    await record(store, here, manifestOf(2), [latest])
    const teller = telling(outbox)
    const change = { tags: [latest], requires: [], immutable: [], tell: teller.tell }
    const stored = await store.putManifest(here, { ...change, record: manifestOf(1) })
    await teller.heard(stored)
    const again = await store.putManifest(here, { ...change, record: manifestOf(1) })
    await teller.heard(again)
    const expect = { tag: latest, noneMatch: 'any' as const }
    await store.putManifest(here, { ...change, record: manifestOf(3), expect })
    const requires = [{ digest: sampleDigest(9), kind: 'blob' as const }]
    await store.putManifest(here, { ...change, record: manifestOf(3), requires })
    await store.putManifest(here, { ...change, record: manifestOf(3), immutable: [latest] })
    await rejects(
      () => store.putManifest(here, { ...change, record: { ...manifestOf(3), blob: blobOf(4) } }),
      'a record of other bytes is refused',
    )
    await teller.silent()
  }),

  outboxCase('a blob that is linked, mounted or taken out is told of', async (store, outbox) => {
    const teller = telling<unknown>(outbox)
    const { tell } = teller
    await teller.heard(await store.linkBlob(here, blobOf(1), long, { tell }))
    await teller.heard(await store.linkBlob(here, blobOf(1), long, { tell }))
    await teller.heard(await store.linkBlob(here, blobOf(1, 'other'), long, { tell }))
    await teller.heard(await store.mountBlob(here, there, digest, long, { tell }))
    await store.mountBlob(there, here, sampleDigest(2), long, { tell })
    await teller.heard(await store.unlinkBlob(here, digest, { tell }))
    await store.unlinkBlob(here, digest, { tell })
    await store.unlinkBlob(repositoryNamed('nowhere'), digest, { tell })
    await record(store, there, manifestOf(5, { references: [digest] }))
    await store.unlinkBlob(there, digest, { keepNamed: true, tell })
    await teller.silent()
  }),

  outboxCase('a tag or manifest that is deleted is told of', async (store, outbox) => {
    const teller = telling<unknown>(outbox)
    const { tell } = teller
    await record(store, here, manifestOf(1), [latest])
    await teller.heard(await store.deleteTag(here, latest, { tell }))
    await store.deleteTag(here, latest, { tell })
    await record(store, here, manifestOf(1), [latest])
    await store.deleteManifest(here, digest, { leaseMs: long, isImmutable: () => true, tell })
    await store.deleteManifest(here, sampleDigest(2), { leaseMs: long, tell })
    await teller.heard(await store.deleteManifest(here, digest, { leaseMs: long, tell }))
    await store.deleteManifest(here, digest, { leaseMs: long, tell })
    await teller.silent()
  }),

  outboxCase(
    'a deletion that is held to conditions tells of what it does',
    async (store, outbox) => {
      const teller = telling<unknown>(outbox)
      const { tell } = teller
      await record(store, here, manifestOf(1), [latest])
      await store.deleteTag(here, latest, { expect: sampleDigest(2), tell })
      await store.deleteTag(here, latest, { notSince: 0, tell })
      await store.deleteManifest(here, digest, { leaseMs: long, notSince: 0, tell })
      await store.deleteManifest(here, digest, { leaseMs: long, unlessHas: [digest], tell })
      await teller.silent()
      await teller.heard(await store.deleteTag(here, latest, { expect: digest, tell }))
      const options = { leaseMs: long, isImmutable: () => true, tell }
      await teller.heard(await store.deleteManifest(here, digest, options))
    },
    ['conditions'],
  ),

  outboxCase('a repository that is deleted is told of', async (store, outbox) => {
    const teller = telling<unknown>(outbox)
    const { tell } = teller
    await record(store, here, manifestOf(1), [latest])
    await teller.heard(await store.deleteRepository(here, { tell }))
    await store.deleteRepository(here, { tell })
    await teller.silent()
  }),

  outboxCase(
    'empty repositories that are deleted are told of one by one',
    async (store, outbox) => {
      const names = ['a', 'b', 'c'].map(repositoryNamed)
      for (const name of names) {
        await store.linkBlob(name, blobOf(1, `of ${name}`), long)
        await store.unlinkBlob(name, digest)
      }
      await record(store, here, manifestOf(1))
      const told: string[] = []
      const tell = (name: string): readonly OutboxMessage[] => {
        told.push(name)
        return [{ endpoints: [east], text: name }]
      }
      const among = [names[0] ?? here, here]
      await store.deleteEmptyRepositories(10, among, { tell })
      await store.deleteEmptyRepositories(10, among, { tell })
      equals(told, ['a'], 'of some')
      const gone = await store.deleteEmptyRepositories(10, undefined, { tell })
      equals(told.slice(1), gone, 'of all')
      const { items } = await outbox.list({ limit: 10 })
      const waiting = items.map(({ repository, text }) => [repository, text])
      equals(
        waiting,
        [names[0], ...gone].map((name) => [name, name]),
        'messages',
      )
    },
  ),

  outboxCase(
    'what is brought back is told of',
    async (store, outbox) => {
      const teller = telling<unknown>(outbox)
      const { tell } = teller
      const restore = async (): Promise<unknown> => {
        const { id } = await onlyEntry(store)
        return store.restore?.(here, id, { leaseMs: long, tell })
      }
      await record(store, here, manifestOf(1), [latest, tagNamed('second')])
      await store.deleteTag(here, latest, { trashMs })
      await teller.heard(await restore())
      await store.deleteTag(here, latest, { trashMs })
      await record(store, here, manifestOf(2), [latest])
      await restore()
      await teller.silent()
      await store.dropTrash?.('all', 10)
      await store.deleteManifest(here, digest, { leaseMs: long, trashMs })
      await teller.heard(await restore())
      await store.restore?.(here, '000000001', { leaseMs: long, tell })
      await store.linkBlob(here, blobOf(3), long)
      await store.unlinkBlob(here, sampleDigest(3), { trashMs })
      await teller.heard(await restore())
      await teller.heard(await store.deleteRepository(here, { trashMs, tell }))
      await teller.heard(await restore())
      await teller.silent()
    },
    ['trash'],
  ),

  outboxCase(
    'a manifest with many tags is told of once when it comes back',
    async (store, outbox) => {
      const tags = Array.from({ length: 2500 }, (_, number) => tagNamed(`v${10_000 + number}`))
      for (let at = 0; at < tags.length; at += 100) {
        await record(store, here, manifestOf(1), tags.slice(at, at + 100))
      }
      await store.deleteManifest(here, digest, { leaseMs: long, trashMs })
      const teller = telling<unknown>(outbox)
      const { id } = await onlyEntry(store)
      await teller.heard(await store.restore?.(here, id, { leaseMs: long, tell: teller.tell }))
    },
    ['trash'],
  ),

  outboxCase('a change may say nothing, or several things', async (store, outbox) => {
    await store.linkBlob(here, blobOf(1), long, { tell: () => [] })
    const tell = () => [
      { endpoints: [east], text: '1' },
      { endpoints: [], text: 'none' },
      { endpoints: [east, west], text: '2' },
    ]
    await store.linkBlob(here, blobOf(1), long, { tell })
    equals(await drain(outbox, [east]), ['1', '2'], 'of one endpoint')
    equals(await drain(outbox, [west]), ['2'], 'of the other')
  }),

  outboxCase('changes that are made together tell each of its own', async (store, outbox) => {
    const numbers = Array.from({ length: 40 }, (_, number) => number)
    const told: string[] = []
    await Promise.all(
      numbers.map(async (number) => {
        const tell = (): readonly OutboxMessage[] => [{ endpoints: [east], text: `${number}` }]
        await store.linkBlob(number % 2 === 0 ? here : there, blobOf(number), long, { tell })
        told.push(`${number}`)
      }),
    )
    equals((await drain(outbox)).sort(), told.sort(), 'what was delivered')
  }),
]

/** Tells of changes by a message, and knows what it was told last. */
function telling<Outcome>(outbox: Outbox): {
  readonly tell: Tell<Outcome>
  /** Checks that it was told of an outcome since the last check, and that a message waits for that. */
  heard(outcome: unknown): Promise<void>
  /** Checks that it was told of nothing, and nothing waits. */
  silent(): Promise<void>
} {
  let outcomes: Outcome[] = []
  return {
    tell(outcome) {
      outcomes.push(outcome)
      return [{ endpoints: [east], text: `${outcomes.length}` }]
    },
    async heard(outcome) {
      // A step that is made again is told of again.
      equals(outcomes.at(-1), outcome, 'what was told')
      equals(await drain(outbox), [`${outcomes.length}`], 'what waits')
      outcomes = []
    },
    async silent() {
      equals(outcomes, [], 'what was told')
      equals(await drain(outbox), [], 'what waits')
    },
  }
}
