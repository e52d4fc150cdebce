import { describe, expect, it } from 'vitest'
import { areSameHashes } from '../../src/access/api-token-text.ts'
import { filesBelow, textOf } from '../architecture/source-files.ts'

/** A comparison that stops at the first difference tells how much of a secret was right: hono `91def7ca`. */

const name = '[\\w.?]*(?:[pP]assword|[sS]ecret|[hH]ash|[sS]tamp|[sS]ignature)(?:\\([^()]*\\))?'
const comparison = new RegExp(
  `(?:${name} (?:===|!==) (?!null|undefined|'|"|-?\\d))|(?:(?:===|!==) ${name}\\b)`,
)

/** Comparisons of what no client has made up. */
const known: readonly string[] = [
  // A person typed it twice.
  'adapters/cli/read-password.ts: again === password',
  // Two hashes of the file: that of before the check, and that of now.
  'src/access/htpasswd.ts: file.users.get(user)?.hash !== known.hash',
  // What a token of ours says, once its signature was verified.
  'src/access/tokens/token-service.ts: hashOf(found.stamp) === stamp',
  'src/access/tokens/token-service.ts: hashOf(found.stamp) !== stamp',
  // Whether something is a secret, or holds one.
  'adapters/cli/copy/place.ts: isSecret === true',
  'adapters/cli/read-settings.ts: isSecret === true',
  'adapters/cli/store-settings.ts: hasPassword !== true',
]

describe('secrets', () => {
  it('are never compared by ===', () => {
    const files = ['src', 'adapters', 'examples']
      .flatMap(filesBelow)
      .filter((path) => path.endsWith('.ts'))
    const found = files.flatMap((path) =>
      textOf(path)
        .split('\n')
        .filter((line) => comparison.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    )
    expect(found.length).toBeGreaterThan(0)
    expect(found.filter((line) => !known.some((text) => isOf(line, text)))).toEqual([])
  })

  it('are compared to the end', () => {
    const hash = 'a'.repeat(64)
    expect(areSameHashes(hash, hash)).toBe(true)
    for (let at = 0; at < 64; at += 1) {
      expect(areSameHashes(hash, `${hash.slice(0, at)}b${hash.slice(at + 1)}`)).toBe(false)
    }
    expect(areSameHashes(hash, hash.slice(1))).toBe(false)
  })
})

/** @param text a file, and what stands in a line of it */
function isOf(line: string, text: string): boolean {
  const [file = '', part = ''] = text.split(': ')
  return line.startsWith(`${file}: `) && line.includes(part)
}
