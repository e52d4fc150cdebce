import type { Files } from './files.ts'

/** Which file has a name that is in use; null where that cannot be told. */
export function identityNow(files: Files, path: string): string | null {
  try {
    return files.statNow(path)?.identity ?? null
  } catch {
    return null
  }
}
