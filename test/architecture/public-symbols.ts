import { posix } from 'node:path'
import { textOf } from './source-files.ts'

/** A symbol that a package entry exports, and where it is declared. */
export interface PublicSymbol {
  readonly name: string
  readonly path: string
}

const reExport = /^export (?:type )?(\*|\{[^}]*\}) from '([^']+)'/gm
const declaration =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|class|interface|type) ([\w$]+)/gm

/** Everything an entry file exports, followed to the file that declares it. */
export function publicSymbols(entry: string): readonly PublicSymbol[] {
  const found: PublicSymbol[] = []
  for (const [, what = '', specifier = ''] of textOf(entry).matchAll(reExport)) {
    const path = posix.join(posix.dirname(entry), specifier)
    const names = what === '*' ? declaredIn(path) : namesIn(what)
    for (const name of names) found.push(originOf(name, path))
  }
  for (const name of declaredIn(entry)) found.push({ name, path: entry })
  return found
}

/** Whether a docstring ends on the line above the symbol's declaration. */
export function isDocumented({ name, path }: PublicSymbol): boolean {
  const lines = textOf(path).split('\n')
  const at = lines.findIndex((line) => declares(line, name))
  return at > 0 && (lines[at - 1] ?? '').trimEnd().endsWith('*/')
}

function declares(line: string, name: string): boolean {
  return [...line.matchAll(declaration)].some(([, declared]) => declared === name)
}

function declaredIn(path: string): readonly string[] {
  return [...textOf(path).matchAll(declaration)].map(([, name]) => name ?? '')
}

/** A file may re-export a symbol of another. */
function originOf(name: string, path: string): PublicSymbol {
  if (declaredIn(path).includes(name)) return { name, path }
  for (const [, what = '', specifier = ''] of textOf(path).matchAll(reExport)) {
    const next = posix.join(posix.dirname(path), specifier)
    const names = what === '*' ? declaredIn(next) : namesIn(what)
    if (names.includes(name)) return originOf(name, next)
  }
  return { name, path }
}

function namesIn(braces: string): readonly string[] {
  return braces
    .slice(1, -1)
    .split(',')
    .map((part) =>
      part
        .trim()
        .replace(/^type /, '')
        .replace(/ as .*$/, ''),
    )
    .filter((name) => name !== '')
}
