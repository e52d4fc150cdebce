import type { Page } from '../../../src/kit.ts'
import type { SqlRow } from '../sql-driver.ts'

/**
 * A page of rows, of which one more was asked for than the page may have; null where there is none, which says that
 * there is no such repository. A repository without items is one row of which `read` makes null.
 */
export async function pageOf<Row extends SqlRow, T>(
  found: Promise<readonly Row[]>,
  limit: number,
  read: (row: Row) => T | null,
): Promise<Page<T> | null> {
  const rows = await found
  if (rows.length === 0) return null
  const items: T[] = []
  for (const row of rows) {
    const item = read(row)
    if (item !== null) items.push(item)
  }
  return { items: items.slice(0, limit), more: items.length > limit }
}
