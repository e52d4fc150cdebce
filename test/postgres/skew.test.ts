import postgresClient from 'postgres'
import { expect, test } from 'vitest'
import { openPostgres } from '../../adapters/postgres/index.ts'
import { baseLayer, seedDatabase } from '../../bench/seed-database.mjs'
import type { Digest, RepositoryName, Tag } from '../../src/index.ts'
import { postgresAlone } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'

const contents = { manifests: 10_000, tags: 5000, repositories: 400, referrers: 10 }
const large = 'bench/large' as RepositoryName
/** From the sixth time on, a plan may be one for all values. */
const times = 8

/** Opens the metadata, and says how many rows the server read for what was done with it. */
async function rowsRead(
  url: string,
  work: (metadata: Awaited<ReturnType<typeof openPostgres>>['metadata']) => Promise<unknown>,
): Promise<number> {
  const sql = postgresClient(url, { max: 1, onnotice: () => {} })
  const sum = async (): Promise<number> => {
    const [row] = await sql`
      select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) as sum from pg_stat_user_tables
      where relname in ('links', 'manifests', 'manifest_refs', 'tags', 'blobs')`
    return Number(row?.sum)
  }
  try {
    const before = await sum()
    const stores = await openPostgres({ url })
    await work(stores.metadata)
    // A connection tells what it read when it ends.
    await stores.close()
    await expect
      .poll(async () => {
        const [row] = await sql`select count(*)::int as count from pg_stat_activity
          where application_name = 'layerdock'`
        return row?.count
      })
      .toBe(0)
    return (await sum()) - before
  } finally {
    await sql.end()
  }
}

withServices(
  'one repository that is larger than all others',
  { postgres: postgresAlone },
  (running) => {
    async function fill(url: string): Promise<void> {
      await (await openPostgres({ url })).close()
      const sql = postgresClient(url, { max: 1, onnotice: () => {} })
      await seedDatabase(sql, contents, () => {})
      await sql.end()
    }

    test('no read and no change looks through all that it holds', async () => {
      const url = await running.postgres.database(fill)
      const base = baseLayer as Digest
      const read = await rowsRead(url, async (metadata) => {
        for (let at = 0; at < times; at += 1) {
          const digest = `sha256:${'0'.repeat(60)}${1000 + at}` as Digest
          const blob = { digest, size: 1, key: `key-${at}` }
          const record = { digest, size: 1, mediaType: 'a/b', blob, references: [base] }
          const requires = [{ digest: base, kind: 'blob' as const }]
          const tags = [`new-${at}` as Tag]
          await metadata.linkBlob(large, blob, 60_000)
          await metadata.putManifest(large, { record, tags, requires, immutable: [] })
          await metadata.resolveTag(large, tags[0] as Tag)
          await metadata.findManifest(large, digest)
          await metadata.findBlob(large, base)
          await metadata.keepBlob(large, base, 60_000)
          await metadata.deleteTag(large, tags[0] as Tag)
          await metadata.deleteManifest(large, digest, { leaseMs: 60_000 })
          await metadata.unlinkBlob(large, digest)
          await metadata.condemn(10)
        }
      })
      // All of it once would be more, and it is asked for things a hundred times.
      expect(read).toBeLessThan(contents.manifests / 2)
    })
  },
)
