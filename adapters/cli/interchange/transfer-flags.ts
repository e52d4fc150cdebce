import { parseRepositoryName, parseTag, type RepositoryName, type Tag } from '../../../src/index.ts'
import type { Selection } from '../../../src/kit.ts'
import { type Bounds, boundsOf, flagReader } from '../copy/flag-values.ts'
import { plain } from '../plain-text.ts'
import type { Words } from '../words.ts'

/** Flags of every command that brings content from one place to another. */
export const transferFlags: Readonly<Record<string, string | null>> = {
  repository: 'NAME[:TAG]',
  rate: 'SIZE',
  concurrency: 'N',
  json: null,
  'no-prepared-statements': null,
}

/** What those flags say. */
export interface TransferWish extends Bounds {
  /** Null for everything. */
  readonly selection: Selection | null
  readonly json: boolean
}

/** Blobs and manifests at a time, where nothing is said: more than one server should be asked for. */
const localConcurrency = 16
const remoteConcurrency = 8

/** Parses those flags. Pushes what is wrong with them, a sentence each. */
export async function transferWish(
  words: Words,
  problems: string[],
  isRemote: boolean,
): Promise<TransferWish> {
  const { values, switches } = words
  return {
    selection: selectionOf(values.get('repository') ?? [], problems),
    ...(await boundsOf(
      flagReader(words, problems),
      isRemote ? remoteConcurrency : localConcurrency,
    )),
    json: switches.has('json'),
  }
}

/** Repositories, of which some are wanted with single tags alone. */
function selectionOf(texts: readonly string[], problems: string[]): Selection | null {
  if (texts.length === 0) return null
  const selection: Map<RepositoryName, readonly Tag[] | null> = new Map()
  for (const text of texts) {
    const colon = text.indexOf(':')
    const name = parseRepositoryName(colon === -1 ? text : text.slice(0, colon))
    const tag = colon === -1 ? null : parseTag(text.slice(colon + 1))
    if (name === null || (colon !== -1 && tag === null)) {
      problems.push(`--repository ${plain(text, 300)}: is not a repository, or one with a tag`)
    } else if (tag === null) selection.set(name, null)
    else if (selection.get(name) !== null) {
      selection.set(name, [...(selection.get(name) ?? []), tag])
    }
  }
  return selection
}
