import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Batch } from '../../src/metadata/batch.ts'
import * as bytes from '../../src/metadata/bytes-changes.ts'
import * as changes from '../../src/metadata/changes.ts'
import { condemn } from '../../src/metadata/condemnation.ts'
import * as deletions from '../../src/metadata/deletions.ts'
import { EffectDecoder } from '../../src/metadata/effect-decoder.ts'
import * as outbox from '../../src/metadata/outbox-changes.ts'
import { entryPage } from '../../src/metadata/outbox-pages.ts'
import { Restoration } from '../../src/metadata/restoration.ts'
import { readSnapshot } from '../../src/metadata/snapshot-reader.ts'
import { writeSnapshot } from '../../src/metadata/snapshot-writer.ts'
import { State } from '../../src/metadata/state.ts'
import type { BlobRef } from '../../src/ports/blob-store.ts'
import { runs } from '../sample.ts'
import { dump, leasesOf, miscounts } from './dump.ts'
import { blobOf, digests, recordOf, repositories, tags } from './samples.ts'

/** A change as a store makes it; each has a key of its own. */
type Change = (batch: Batch, key: string) => unknown

const repository = fc.constantFrom(...repositories)
const digest = fc.constantFrom(...digests.slice(0, 3))
const tag = fc.constantFrom(...tags)
const leaseMs = fc.constantFrom(0, 1000)
const trashMs = fc.constantFrom(0, 300, 1e9)
const endpoints = fc.constantFrom(['east'], ['east', 'west'])
/** Steps that take out what deletions left. */
const steps = fc.constantFrom(0, 0, 0, 0, 0, 1)
const keyed = (of: (typeof digests)[0], key: string): BlobRef => ({ ...blobOf(of), key })

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ repository, digest, leaseMs }).map((it): Change => {
    return (batch, key) => changes.linkBlob(batch, it.repository, keyed(it.digest, key), it.leaseMs)
  }),
  fc.record({ from: repository, to: repository, digest, leaseMs }).map((it): Change => {
    return (batch) => changes.mountBlob(batch, it.from, it.to, it.digest, it.leaseMs)
  }),
  fc.record({ repository, digest, leaseMs }).map((it): Change => {
    return (batch) => changes.keepBlob(batch, it.repository, it.digest, it.leaseMs)
  }),
  fc.record({ repository, digest, trashMs }).map((it): Change => {
    return (batch) => deletions.unlinkBlob(batch, it.repository, it.digest, it)
  }),
  fc
    .record({
      repository,
      digest,
      references: fc.array(digest, { maxLength: 2 }),
      tags: fc.array(tag, { maxLength: 2 }),
    })
    .map((it): Change => {
      return (batch, key) => {
        const blob = keyed(it.digest, key)
        const { pushedAt: _, ...record } = recordOf(it.digest, { references: it.references, blob })
        const put = { record, tags: it.tags, requires: [], immutable: [] }
        return changes.putManifest(batch, it.repository, put, 1000)
      }
    }),
  fc.record({ repository, digest, leaseMs, trashMs }).map((it): Change => {
    return (batch) => deletions.deleteManifest(batch, it.repository, it.digest, it)
  }),
  fc.record({ repository, tag, trashMs }).map((it): Change => {
    return (batch) => deletions.deleteTag(batch, it.repository, it.tag, it)
  }),
  fc.record({ repository, trashMs }).map((it): Change => {
    return (batch) => deletions.deleteRepository(batch, it.repository, it)
  }),
  fc.nat(5).map((index): Change => {
    return (batch) => {
      const entry = [...batch.state.trash.values()][index]
      return entry && new Restoration(entry.name, entry.id, { leaseMs: 1000 }).step(batch)
    }
  }),
  fc.nat(5).map((index): Change => {
    return (batch) => {
      const entry = [...batch.state.trash.values()][index]
      return entry && deletions.dropTrash(batch, [entry.id], 1)
    }
  }),
  fc.constant<Change>((batch) => deletions.deleteEmptyRepositories(batch, 1)),
  digest.map(
    (digest): Change =>
      (batch) => {
        const ref = batch.state.holdings.get(digest)?.ref
        return ref && bytes.markMissing(batch, ref)
      },
  ),
  fc.constant<Change>((batch) => condemn(batch, 3)),
  fc.record({ repository, digest, endpoints }).map((it): Change => {
    const tell = () => [{ endpoints: it.endpoints, text: `of ${it.digest.slice(0, 12)}` }]
    return (batch, key) =>
      changes.linkBlob(batch, it.repository, keyed(it.digest, key), 0, { tell })
  }),
  fc.nat(5).map((index): Change => {
    return (batch) => {
      const entry = entryPage(batch.state.outbox, { limit: 9, state: 'waiting' }).items[index]
      return entry && outbox.bury(batch, entry, index, 'down')
    }
  }),
  fc.nat(5).map((index): Change => {
    return (batch) => {
      const { items } = entryPage(batch.state.outbox, { limit: 9 })
      return outbox.endEntries(
        batch,
        items.slice(index, index + 2).map(({ id }) => id),
      )
    }
  }),
  fc.nat(2).map(
    (limit): Change =>
      (batch) =>
        outbox.resend(batch, {}, limit),
  ),
  fc.nat(3).map(
    (index): Change =>
      (batch) => {
        const ref = [...batch.state.holdings.condemned.values()][index]
        return ref && bytes.forget(batch, ref)
      },
  ),
)

const decoder = (): EffectDecoder => new EffectDecoder({ time: 0, keepUntil: 0 })

/** Makes changes, one after the other, and keeps what of them is journalled. */
class Changer {
  readonly state: State = new State()
  readonly journal: string[] = []
  #count = 0

  make(change: Change, steps: number): void {
    this.#count += 1
    // As a store waits before it restores.
    const batch = new Batch(this.state, { time: this.#count, now: 100 * this.#count })
    change(batch, `key ${this.#count}`)
    this.journal.push(...batch.texts)
    for (let step = 0; step < steps; step += 1) this.state.leftovers.step()
  }
}

test('a snapshot between whose lines names change, with the journal since, is what was', async () => {
  const history = fc.array(fc.tuple(change, steps), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.array(fc.array(fc.tuple(change, steps), { maxLength: 3 }), { maxLength: 30 }),
      async (before, during) => {
        const live = new Changer()
        for (const [each, steps] of before) live.make(each, steps)
        live.journal.length = 0
        const { restorations } = live.state
        const header = { generation: 1, sequence: 1 }
        const chunks: Uint8Array[] = []
        const rows = writeSnapshot(live.state, header, 7, async () => 1, 1)
        const groups = [...during]
        // A group before each line, and steps while the writer waits for what deletions left.
        for (;;) {
          const next = rows.next()
          while (live.state.leftovers.isPending && (await isWaiting(next)))
            live.state.leftovers.step()
          const { value, done } = await next
          if (done) break
          chunks.push(value)
          for (const [each, steps] of groups.shift() ?? []) live.make(each, steps)
        }
        while (live.state.leftovers.isPending) live.state.leftovers.step()

        // The compaction writes another snapshot then.
        fc.pre(live.state.restorations === restorations)
        const read = new State()
        const file = { name: 's', generation: 1, read: () => toAsync(chunks) }
        await readSnapshot(file, decoder(), (effect) => read.apply(effect, null))
        for (const line of live.journal) {
          const effect = decoder().decode(JSON.parse(line))
          if (effect === null) throw new Error(`not an effect: ${line}`)
          read.apply(effect, null)
        }
        expect(miscounts(read)).toEqual([])
        expect(read.problem()).toBeNull()
        // No id is given twice.
        expect(read.outbox.numbers.last).toBe(live.state.outbox.numbers.last)
        const timeless = (state: State): object => ({ ...(dump(state, false) as object), now: 0 })
        expect(timeless(read)).toEqual(timeless(live.state))
        // What a manifest named before may get its lease once more, for something linked since.
        const leases = leasesOf(live.state)
        for (const [link, keepUntil] of leasesOf(read)) {
          expect(keepUntil).toBeGreaterThanOrEqual(leases.get(link) ?? 0)
        }
      },
    ),
    { numRuns: runs(300) },
  )
})

async function* toAsync(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

/** Whether a promise is pending once everything that can run has run. */
async function isWaiting(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol()
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
  return (await Promise.race([promise, Promise.resolve(pending)])) === pending
}
