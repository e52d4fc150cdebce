import type { Digest, RepositoryName } from '../../../src/index.ts'
import { manifestShape } from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import type { SqlRow } from '../sql-driver.ts'
import { textOfColumn } from './column-text.ts'
import { digestOfHex, digestsOfHex, hexOfDigest } from './digest-hex.ts'
import { sizeManifests } from './flush-sql.ts'
import { lockRepositories } from './load.ts'
import { contentOf } from './named-content.ts'

/** Manifests that get their size in one transaction at most. */
const atOnce = 200

const beganText = "select at from moments where name = 'sized'"

const repositoryText = 'select id, name from repositories where id > $1 order by id limit 1'

const doneText = "update moments set at = greatest(at, $1) where name = 'sized'"

const endText = "delete from moments where name = 'sized'"

const columns = "encode(digest, 'hex') as digest, media_type, encode(refs, 'hex') as refs"

/** Old manifests are all without a size, so that few rows are passed over. */
const unsizedText = `select ${columns} from manifests
  where repo = $1 and digest > decode($2, 'hex') and content_size is null
  order by repo, digest limit ${atOnce}`

const childrenText = `select m.* from unnest($2::text[]) as hex cross join lateral (
  select ${columns} from manifests where repo = $1 and digest = decode(hex, 'hex') offset 0) as m`

interface ManifestRow extends SqlRow {
  readonly digest: string
  readonly media_type: string
  readonly refs: string
}

interface Naming {
  readonly digest: Digest
  readonly mediaType: string
  readonly references: readonly Digest[]
}

function namingOf({ digest, media_type, refs }: ManifestRow): Naming {
  return {
    digest: digestOfHex(digest),
    mediaType: textOfColumn(media_type),
    references: digestsOfHex(refs),
  }
}

/** Finds out the sizes of manifests that versions before 4 of the tables recorded. It goes on where it was cut off. */
export async function fillSizes(database: Database): Promise<void> {
  const [began] = await database.query<{ at: unknown }>(beganText, [])
  if (began === undefined) return
  for (let after = Number(began.at); ; ) {
    const [row] = await database.query<{ id: unknown; name: RepositoryName }>(repositoryText, [
      after,
    ])
    if (row === undefined) break
    after = Number(row.id)
    await fillRepository(database, after, row.name)
    await database.query(doneText, [after])
  }
  await database.query(endText, [])
}

async function fillRepository(database: Database, id: number, name: RepositoryName): Promise<void> {
  for (let after = ''; ; ) {
    const rows = await database.query<ManifestRow>(unsizedText, [id, after])
    const unsized = rows.map(namingOf)
    const known = await childrenOf(database, id, unsized)
    const named = unsized.flatMap((naming) =>
      contentOf(naming, (digest) => known.get(digest) ?? null).map((child) => {
        return { parent: hexOfDigest(naming.digest), child: hexOfDigest(child) }
      }),
    )
    await database.transaction(async (query) => {
      await query(lockRepositories, [[name]])
      await query(sizeManifests, [
        named.map(() => id),
        named.map(({ parent }) => parent),
        named.map(({ child }) => child),
      ])
    })
    if (rows.length < atOnce) return
    after = rows.at(-1)?.digest ?? after
  }
}

/** The manifests that indexes name, and those that these name where they are indexes. */
async function childrenOf(
  database: Database,
  repo: number,
  manifests: readonly Naming[],
): Promise<ReadonlyMap<Digest, Naming>> {
  const known: Map<Digest, Naming> = new Map()
  let parents = manifests
  for (let depth = 0; depth < 2; depth += 1) {
    const indexes = parents.filter(({ mediaType }) => manifestShape(mediaType) === 'index')
    const wanted = new Set(indexes.flatMap(({ references }) => references))
    const unknown = [...wanted].filter((digest) => !known.has(digest))
    if (unknown.length === 0) break
    const rows = await database.query<ManifestRow>(childrenText, [repo, unknown.map(hexOfDigest)])
    parents = rows.map(namingOf)
    for (const naming of parents) known.set(naming.digest, naming)
  }
  return known
}
