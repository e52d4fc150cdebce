import type { Answer, Call, Digests } from './history.ts'

/**
 * A repository with a few tags, as one object. A manifest's deletion takes all its tags, and a push can set
 * several, so that single tags would not be independent objects; repositories are.
 */
export interface State {
  /** The manifests that are there. */
  readonly manifests: ReadonlySet<number>
  /** What each tag stands for. */
  readonly tags: ReadonlyMap<number, number>
  /** Deletions that can be undone: the manifest, and its tags. */
  readonly trash: ReadonlyMap<number, Deleted>
}

interface Deleted {
  readonly manifest: number
  readonly tags: readonly number[]
}

/** A state, and the whole answer of the call that led to it. */
export interface Step {
  readonly state: State
  readonly answer: Answer
}

/** A repository with nothing in it. */
export const empty: State = { manifests: new Set(), tags: new Map(), trash: new Map() }

/** What a call does, one at a time. It returns the same state object where nothing changes. */
export function step(state: State, call: Call): Step {
  const { manifests, tags, trash } = state
  switch (call.kind) {
    case 'put': {
      const { manifest, expect } = call
      if (expect !== undefined) {
        const itself = manifests.has(manifest) ? manifest : undefined
        const now = expect.tag === null ? itself : tags.get(expect.tag)
        const matches = expect.match === undefined || isAmong(now, expect.match)
        const excluded = expect.noneMatch !== undefined && isAmong(now, expect.noneMatch)
        if (!matches || excluded) return { state, answer: { outcome: 'conflict' } }
      }
      const created = !manifests.has(manifest)
      const previous = call.tags.map((tag) => tags.get(tag) ?? null)
      const answer: Answer = { outcome: 'stored', created, previous }
      if (!created && previous.every((before) => before === manifest)) return { state, answer }
      const set = new Map([...tags, ...call.tags.map((tag) => [tag, manifest] as const)])
      const all = new Set([...manifests, manifest])
      return { state: { manifests: all, tags: set, trash }, answer }
    }
    case 'deleteTag': {
      const manifest = tags.get(call.tag)
      if (manifest === undefined) return { state, answer: { outcome: 'absent' } }
      const left = new Map([...tags].filter(([tag]) => tag !== call.tag))
      const answer: Answer = { outcome: 'removed', manifest }
      return { state: { manifests, tags: left, trash }, answer }
    }
    case 'deleteManifest': {
      if (!manifests.has(call.manifest)) return { state, answer: { outcome: 'absent' } }
      const rest = new Set([...manifests].filter((manifest) => manifest !== call.manifest))
      const left = new Map([...tags].filter(([, manifest]) => manifest !== call.manifest))
      const gone = sorted(tags).flatMap(([tag, target]) => (target === call.manifest ? [tag] : []))
      const { deletion, manifest } = call
      const kept = new Map(trash)
      if (deletion !== undefined) kept.set(deletion, { manifest, tags: gone })
      const after = { manifests: rest, tags: left, trash: kept }
      return { state: after, answer: { outcome: 'removed', tags: gone } }
    }
    case 'restore': {
      const deleted = trash.get(call.deletion)
      if (deleted === undefined) return { state, answer: absent }
      const { manifest } = deleted
      const back = deleted.tags.filter((tag) => !tags.has(tag))
      const after = {
        manifests: new Set([...manifests, manifest]),
        tags: new Map([...tags, ...back.map((tag) => [tag, manifest] as const)]),
        trash: new Map([...trash].filter(([deletion]) => deletion !== call.deletion)),
      }
      return { state: after, answer: { outcome: 'restored', manifest, tags: back } }
    }
    case 'resolve': {
      const manifest = tags.get(call.tag)
      return { state, answer: manifest === undefined ? absent : { outcome: 'found', manifest } }
    }
    case 'find':
      return { state, answer: manifests.has(call.manifest) ? { outcome: 'found' } : absent }
    case 'list': {
      const list = sorted(tags)
      return { state, answer: { outcome: 'found', list, tags: list.map(([tag]) => tag) } }
    }
  }
}

/** Whether what a client was told is right: every field of it, as far as it was told. */
export function agrees(right: Answer, told: Answer): boolean {
  return Object.entries(told).every(
    ([field, value]) => JSON.stringify(value) === JSON.stringify(right[field as keyof Answer]),
  )
}

/** The same text for the same state. */
export function textOf({ manifests, tags, trash }: State): string {
  const deleted = [...trash.keys()].sort((one, other) => one - other)
  const entries = deleted.map((deletion) => `${deletion}=${trash.get(deletion)?.tags}`)
  const there = sorted(tags).map((pair) => pair.join('='))
  return `manifests ${[...manifests].sort()}, tags ${there}, trash ${entries.join(';')}`
}

const absent: Answer = { outcome: 'absent' }

function sorted(tags: State['tags']): [number, number][] {
  return [...tags].sort(([one], [other]) => one - other)
}

function isAmong(manifest: number | undefined, digests: Digests): boolean {
  return manifest !== undefined && (digests === 'any' || digests.includes(manifest))
}
