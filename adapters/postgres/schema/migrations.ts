import { version1 } from './version-1.ts'
import { version2 } from './version-2.ts'

/** What makes each version of the tables of the one before it; the first makes them of nothing. */
export const migrations: readonly string[] = [version1, version2]
