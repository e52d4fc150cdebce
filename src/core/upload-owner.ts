import type { RepositoryName } from '../oci/repository-name.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { SessionUser, UploadSession } from '../ports/upload-store.ts'

/**
 * Whether a caller may use an upload session: one of the repository that the same principal opened. One
 * that was opened anonymously is every anonymous caller's who knows its id, since a client's address may
 * change on the way. To all others it is as if there were none.
 */
export function mayUse(
  { principal, isProgram }: CallContext,
  repository: RepositoryName,
  session: UploadSession | null,
): boolean {
  if (session?.repository !== repository) return false
  return isProgram || session.principal === (principal?.id ?? null)
}

/** The same as a store is told it: the sessions of this user are those that the caller may use. */
export function userOf(
  { principal, isProgram }: CallContext,
  repository: RepositoryName,
): SessionUser {
  return isProgram ? { repository } : { repository, principal: principal?.id ?? null }
}
