import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's own folder. */
export const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** Folders with generated or fetched files. */
const made: ReadonlySet<string> = new Set(['node_modules', 'dist', 'out', '.git', 'layerdock-data'])

/** Every file below `folder`, as paths from the project's root with `/` between their parts. */
export function filesBelow(folder: string): readonly string[] {
  const found: string[] = []
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (made.has(entry.name)) continue
    const path = posix.join(folder, entry.name)
    if (entry.isDirectory()) found.push(...filesBelow(path))
    else if (entry.isFile()) found.push(path)
  }
  return found.sort()
}

/** The text of a file, by its path from the root. */
export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** One import, or one export from elsewhere. */
export interface Import {
  /** A path from the root for a file of ours, otherwise the specifier itself. */
  readonly target: string
  /** Removed by compilation, so the target does not run because of it. */
  readonly typeOnly: boolean
}

const statement =
  /^(?:import|export)[ ]+(type[ ]+)?(?:[\w$*{},\s]+?[ ]from[ ]+)?'([^'\n]+)'|\bimport\(\s*['"`]([^'"`\n]+)/gm

/** The imports of a file. The formatter puts every statement at the start of its line. */
export function importsOf(path: string, text: string): readonly Import[] {
  const found: Import[] = []
  for (const [, type, named, dynamic] of text.matchAll(statement)) {
    const specifier = named ?? dynamic ?? ''
    const own = specifier.startsWith('.')
    const target = own ? posix.join(posix.dirname(path), specifier) : specifier
    found.push({ target, typeOnly: type !== undefined })
  }
  return found
}

/** The text without comments and without the content of strings. */
export function codeOf(text: string): string {
  return text
    .replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, '')
    .replace(/(^|[ \t])\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''")
}

/** The name a package is installed under. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '')
}

/** An absolute path as one from the root. */
export function fromRoot(path: string): string {
  return relative(root, path).split(sep).join('/')
}
