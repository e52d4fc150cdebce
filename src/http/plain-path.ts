import { type Route, rowsOf } from './routes.ts'

/** The rows of the route table that a path matches, and its parameters. */
export interface PlainPath {
  readonly rows: readonly Route[]
  readonly name: string
  /** The last segment, for rows that have a parameter there. */
  readonly last: string
}

const manifests: readonly Route[] = rowsOf('manifests/:reference')
const blobs: readonly Route[] = rowsOf('blobs/:digest')
const starts: readonly Route[] = rowsOf('blobs/uploads')
const sessions: readonly Route[] = rowsOf('blobs/uploads/:id')
const tags: readonly Route[] = rowsOf('tags/list')
const referrers: readonly Route[] = rowsOf('referrers/:digest')

/**
 * Matches the path of a URL against the rows below a repository name, by its last segments: a name is
 * greedy, so they decide. A tenth of what the router takes, which tries each row's expression.
 *
 * @param base how paths of the API begin
 * @returns null where the router has to look: at escapes, a slash at the end, and everything else
 */
export function matchPlain(url: string, base: string): PlainPath | null {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  if (!url.startsWith(base, start)) return null
  const query = url.indexOf('?', start)
  const path = query === -1 ? url.slice(start + base.length) : url.slice(start + base.length, query)
  // The path of our own namespace begins where that of a name could not.
  if (path.charCodeAt(0) !== slash || path.charCodeAt(1) === underscore) return null
  if (path.includes('%') || path.includes('#')) return null
  const end = path.lastIndexOf('/')
  const last = path.slice(end + 1)
  const before = path.lastIndexOf('/', end - 1)
  if (last === '' || before < 2) return null
  switch (path.slice(before + 1, end)) {
    case 'manifests':
      return { rows: manifests, name: path.slice(1, before), last }
    case 'blobs':
      return { rows: last === 'uploads' ? starts : blobs, name: path.slice(1, before), last }
    case 'uploads': {
      const parent = before - '/blobs'.length
      if (parent < 2 || !path.startsWith('/blobs', parent)) return null
      return { rows: sessions, name: path.slice(1, parent), last }
    }
    case 'tags':
      return last === 'list' ? { rows: tags, name: path.slice(1, before), last } : null
    case 'referrers':
      return { rows: referrers, name: path.slice(1, before), last }
    default:
      return null
  }
}

const slash = 0x2f
const underscore = 0x5f
