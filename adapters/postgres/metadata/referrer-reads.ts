import type { Descriptor, RepositoryName } from '../../../src/index.ts'
import {
  descriptorBytes,
  mostDescriptors,
  type Page,
  type ReferrersRequest,
} from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import type { SqlValue } from '../sql-driver.ts'
import { columnText } from './column-text.ts'
import { hexAfter, hexOfDigest } from './digest-hex.ts'
import { type DescriptorRow, descriptorColumns, descriptorOf } from './records.ts'
import { repositoryId } from './repository-reads.ts'

/** Rows that are read in one go. */
const stride = 256

/** In the order of an index that begins with all that is asked for. */
const textWith = (condition: string, column: string): string => `select ${descriptorColumns}
  from manifests m join blobs b on b.digest = m.digest
  where m.repo = ${repositoryId} and m.subject = $2 and m.digest >= decode($3, 'hex')
    and not b.missing ${condition}
  order by m.repo, m.subject, ${column} m.digest limit ${stride}`

const allText = textWith('', '')
const ofTypeText = textWith('and m.artifact_type = $4', 'm.artifact_type,')

/** Manifests of a repository that refer to `subject`, by digest. */
export async function listReferrers(
  database: Database,
  name: RepositoryName,
  subject: string,
  { after, artifactType, maxBytes }: ReferrersRequest,
): Promise<Page<Descriptor>> {
  const items: Descriptor[] = []
  let bytes = 0
  let from = hexAfter(after)
  for (;;) {
    const params: SqlValue[] = [name, columnText(subject), from]
    if (artifactType !== undefined) params.push(columnText(artifactType))
    const text = artifactType === undefined ? allText : ofTypeText
    const rows = await database.query<DescriptorRow>(text, params)
    for (const row of rows) {
      const item = descriptorOf(row)
      bytes += descriptorBytes(item)
      const isFull = bytes > maxBytes || items.length === mostDescriptors
      if (isFull && items.length > 0) return { items, more: true }
      items.push(item)
      from = `${hexOfDigest(item.digest)}00`
    }
    if (rows.length < stride) return { items, more: false }
  }
}
