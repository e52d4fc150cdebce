import { version1 } from './version-1.ts'
import { version2 } from './version-2.ts'
import { version3 } from './version-3.ts'
import { version4 } from './version-4.ts'
import { version5 } from './version-5.ts'

/** What makes each version of the tables of the one before it; the first makes them of nothing. */
export const migrations: readonly string[] = [version1, version2, version3, version4, version5]

/** The first version of Layerdock that knows each version of the tables, in their order. */
export const firstVersions: readonly string[] = ['0.2.0', '0.2.0', '0.2.0', '0.2.0', '0.2.0']
