/** Which manifests a conditional push accepts, or refuses, at its tag. */
export type Digests = 'any' | readonly number[]

/** What a client asks of one repository. Tags and manifests are numbered from 0. */
export type Call =
  | {
      readonly kind: 'put'
      readonly manifest: number
      readonly tags: readonly number[]
      /** What must be so, of a tag or (null) of the manifest itself; else the answer is `conflict`. */
      readonly expect?: {
        readonly tag: number | null
        readonly match?: Digests
        readonly noneMatch?: Digests
      }
    }
  | { readonly kind: 'deleteTag'; readonly tag: number }
  | {
      readonly kind: 'deleteManifest'
      readonly manifest: number
      /** The number of this deletion alone, by which it can be undone; absent: it cannot. */
      readonly deletion?: number
    }
  | { readonly kind: 'restore'; readonly deletion: number }
  | { readonly kind: 'resolve'; readonly tag: number }
  | { readonly kind: 'find'; readonly manifest: number }
  | { readonly kind: 'list' }

/** What the client is told. A client that is told less leaves fields out: they are not checked. */
export interface Answer {
  readonly outcome: 'stored' | 'conflict' | 'removed' | 'found' | 'absent' | 'restored'
  /** Of a push: whether the manifest is new. */
  readonly created?: boolean
  /** Of a push: what its tags stood for before. */
  readonly previous?: readonly (number | null)[]
  /** What the tag stands for, or stood for. */
  readonly manifest?: number
  /** Of a deleted manifest, one that was brought back, or a list: its tags. */
  readonly tags?: readonly number[]
  /** Of a list: each tag and its manifest. */
  readonly list?: readonly (readonly [tag: number, manifest: number])[]
}

/** One call of a client, in the order of a clock that all clients share. */
export interface Operation {
  readonly client: number
  readonly call: Call
  readonly start: number
  /** Infinity where no answer came. The operation then takes effect at any later time, or never. */
  readonly end: number
  /** Null where no answer came. */
  readonly answer: Answer | null
}

/** Thrown where no answer came: the call may have been carried out, or may be still. */
export class AnswerLost extends Error {}

/** Thrown where a call did not reach the node, so that it was not made. */
export class NotSent extends Error {}

/** What clients in this process asked and were told, by repository. */
export class History {
  readonly repositories: Map<number, Operation[]> = new Map()
  /** How many operations got an answer. */
  answered = 0
  /** How many got none. */
  unanswered = 0
  #clock = 0

  /** Makes the call and records it. @throws what it throws, but for {@link AnswerLost} and {@link NotSent} */
  async record(
    client: number,
    repository: number,
    call: Call,
    make: () => Promise<Answer>,
  ): Promise<void> {
    this.#clock += 1
    const start = this.#clock
    let answer: Answer | null = null
    try {
      answer = await make()
      this.answered += 1
    } catch (error) {
      if (error instanceof NotSent) return
      if (!(error instanceof AnswerLost)) throw error
      this.unanswered += 1
    }
    this.#clock += 1
    const end = answer === null ? Number.POSITIVE_INFINITY : this.#clock
    const operations = this.repositories.get(repository) ?? []
    this.repositories.set(repository, operations)
    operations.push({ client, call, start, end, answer })
  }
}

/** Whether the call can change anything. */
export function isChange({ kind }: Call): boolean {
  return kind === 'put' || kind === 'deleteTag' || kind === 'deleteManifest' || kind === 'restore'
}
