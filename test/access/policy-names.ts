import {
  type Ask,
  type Principal,
  parseDigest,
  parseRepositoryName,
  parseTag,
} from '../../src/index.ts'

const digest = parseDigest(`sha256:${'0'.repeat(64)}`)

/** An ask; its reference is a tag, `digest`, or null. */
export function ask(
  action: Ask['action'],
  repository: string | null,
  reference: string | null = null,
): Ask {
  const name = repository === null ? null : parseRepositoryName(repository)
  if (repository !== null && name === null) throw new Error(`${repository} is not a name`)
  if (reference === null) return { action, repository: name, reference: null }
  if (reference === 'digest') {
    if (digest === null) throw new Error('not a digest')
    return { action, repository: name, reference: { kind: 'digest', digest } }
  }
  return { action, repository: name, reference: { kind: 'tag', tag: tag(reference) } }
}

/** A tag. */
export function tag(text: string): NonNullable<ReturnType<typeof parseTag>> {
  const parsed = parseTag(text)
  if (parsed === null) throw new Error(`${text} is not a tag`)
  return parsed
}

/** A caller with a name. */
export function caller(id: string, details: Readonly<Record<string, unknown>> = {}): Principal {
  return { id, details }
}
