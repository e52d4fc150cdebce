import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Call } from '../call.ts'
import { accepted } from '../headers.ts'

/**
 * DELETE /v2/_layerdock/repositories/<name>: removes a repository with its tags, manifests and blobs.
 * Layerdock's own; the specification has no such endpoint.
 */
export async function deleteRepository(call: Call, repository: RepositoryName): Promise<Response> {
  await call.deps.service.deleteRepository(call, repository)
  return accepted()
}
