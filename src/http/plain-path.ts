import { type MatchedPath, type Route, rowsOf } from './routes.ts'

/** Rows by the last words of their paths that are no parameters. */
const rowsByWords: ReadonlyMap<string, readonly Route[]> = new Map([
  ['manifests', rowsOf('manifests/:reference')],
  ['blobs', rowsOf('blobs/:digest')],
  ['blobs/uploads', rowsOf('blobs/uploads')],
  ['uploads', rowsOf('blobs/uploads/:id')],
  ['tags/list', rowsOf('tags/list')],
  ['referrers', rowsOf('referrers/:digest')],
])

/**
 * Matches the path of a URL against the rows below a repository name, by its last segments: a name is
 * greedy, so they decide. A tenth of what the router takes, which tries each row's expression.
 *
 * @param base how paths of the API begin
 * @returns null where the router has to look: at what `checkRequest` might
 *   refuse, and at everything else
 */
export function matchPlain(url: string, base: string): MatchedPath | null {
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
  const word = path.slice(before + 1, end)
  const isWord = last === 'uploads' ? word === 'blobs' : last === 'list' && word === 'tags'
  const rows = rowsByWords.get(isWord ? `${word}/${last}` : word)
  if (rows === undefined) return null
  let nameEnd = before
  if (word === 'uploads') {
    nameEnd -= '/blobs'.length
    if (nameEnd < 2 || !path.startsWith('/blobs', nameEnd)) return null
  }
  return { rows, name: path.slice(1, nameEnd), last, isPlain: true }
}

const slash = 0x2f
const underscore = 0x5f
