import type { RepositoryName } from '../oci/repository-name.ts'
import { isCount, readAll } from './decoded-values.ts'
import type { Effect } from './effects.ts'
import { isEntryId } from './entry-ids.ts'

/** A message to some endpoints. */
export function readMessage(line: readonly unknown[], repository: RepositoryName): Effect | null {
  const [, id, , queuedAt, names, text] = line
  const endpoints = readAll(names, (name) => (typeof name === 'string' ? name : null))
  if (line.length !== 6 || endpoints === null || endpoints.length === 0) return null
  if (!isEntryId(id) || !isCount(queuedAt) || typeof text !== 'string') return null
  return { kind: 'message', id, repository, queuedAt, endpoints, text }
}

/** What became of messages. */
export function readOutboxEntry(line: readonly unknown[]): Effect | null {
  if (line[0] === 'dead') {
    const [, id, tries, error] = line
    if (line.length !== 4 || !isEntryId(id) || !isCount(tries)) return null
    return typeof error === 'string' ? { kind: 'dead', id, tries, error } : null
  }
  const ids = readAll(line.slice(1), (id) => (isEntryId(id) ? id : null))
  return ids === null || ids.length === 0 ? null : { kind: 'unmessage', ids }
}
