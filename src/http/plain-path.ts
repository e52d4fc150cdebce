import { type Route, rowsOf } from './routes.ts'

/** The parameters of a path, percent-decoded; empty where it has none. */
export interface MatchedPath {
  readonly name: string
  /** The last segment. */
  readonly last: string
  /** Whether it has nothing in it that `checkRequest` might refuse. */
  readonly isPlain: boolean
}

/** A path without escapes, and the rows of the route table that it matches. */
export interface PlainPath extends MatchedPath {
  readonly rows: readonly Route[]
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
 * @returns null where the router has to look: at what `checkRequest` might
 *   refuse, and at everything else
 */
export function matchPlain(url: string, base: string): PlainPath | null {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  if (!url.startsWith(base, start)) return null
  const query = url.indexOf('?', start)
  let pathEnd = query === -1 ? url.length : query
  // As the router does, which leaves one away: a client POSTs to `blobs/uploads/`.
  if (url.charCodeAt(pathEnd - 1) === slash) pathEnd -= 1
  const path = url.slice(start + base.length, pathEnd)
  // The path of our own namespace begins where that of a name could not.
  if (path.charCodeAt(0) !== slash || path.charCodeAt(1) === underscore) return null
  if (path.includes('%') || path.includes('#') || path.includes('//')) return null
  const end = path.lastIndexOf('/')
  const last = path.slice(end + 1)
  const before = path.lastIndexOf('/', end - 1)
  if (last === '' || before < 2) return null
  switch (path.slice(before + 1, end)) {
    case 'manifests':
      return plain(manifests, path.slice(1, before), last)
    case 'blobs':
      return plain(last === 'uploads' ? starts : blobs, path.slice(1, before), last)
    case 'uploads': {
      const parent = before - '/blobs'.length
      if (parent < 2 || !path.startsWith('/blobs', parent)) return null
      return plain(sessions, path.slice(1, parent), last)
    }
    case 'tags':
      return last === 'list' ? plain(tags, path.slice(1, before), last) : null
    case 'referrers':
      return plain(referrers, path.slice(1, before), last)
    default:
      return null
  }
}

function plain(rows: readonly Route[], name: string, last: string): PlainPath {
  return { rows, name, last, isPlain: true }
}

const slash = 0x2f
const underscore = 0x5f
