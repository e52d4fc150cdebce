/** The runtimes that a proof is made for. */
export type Runtime = 'node' | 'bun' | 'deno'

/** What a proof is asked for. */
export interface ProofOptions {
  /** What Layerdock runs on: the proof itself, or the servers that it starts. */
  readonly runtime: Runtime
  /** What is pushed, drawn and cut follows from it. */
  readonly seed: number
  /** How much is looked at, in the proof's own unit. */
  readonly length: number
  /** One of the proof's `breaks`: what is wrong with the registry that it looks at. */
  readonly broken: string | null
}

/** What a proof found. */
export interface Figure {
  /** What was looked at, in words that begin with a number. */
  readonly text: string
  /** What does not hold; none where all does. */
  readonly violations: readonly string[]
}

/** One promise, and how it is proved. */
export interface Proof {
  /** The promise, for a list. */
  readonly says: string
  /** Whether it runs on the runtime itself, or on Node and starts the programs of that runtime. */
  readonly where: 'inside' | 'outside'
  /** What a length counts. */
  readonly unit: string
  /** `short` takes seconds, `full` is what the promise asks for. */
  readonly lengths: { readonly short: number; readonly full: number }
  /** Faults that the proof has to notice, each by a double of what it looks at. */
  readonly breaks: readonly string[]
  run(options: ProofOptions): Promise<Figure>
}
