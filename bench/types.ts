/** The shapes that the programs of the benchmark pass to each other. Types only: Node never loads this file. */

/** Some bytes to push. */
export interface Blob {
  readonly bytes: number
  readonly digest: string
  pieces(): Iterable<Buffer>
}

export interface Manifest {
  readonly bytes: Buffer
  readonly digest: string
  /** Its media type. */
  readonly type: string
}

/** How much work a scenario does. Each scenario uses the fields it names in its own `sizes`. */
export interface Size {
  readonly clients?: number
  /** Bytes in each blob. */
  readonly bytes?: number
  readonly seconds?: number
  /** Where it is given, the work ends after so many operations, if that is sooner. */
  readonly operations?: number
  /** Seconds of the same work before the clock starts. */
  readonly warmUp?: number
  readonly times?: number
}

/** What the timed part of a scenario did. */
export interface Timed {
  /** Milliseconds that each operation took. */
  readonly times: readonly number[]
  readonly seconds: number
  /** Given where the rate is in megabytes, not in operations. */
  readonly bytes?: number
  /** Given where the rate is in entries of lists, since registries have pages of different lengths. */
  readonly entries?: number
}

/** A prepared scenario: whatever must not be timed is done, a warm-up included. */
export interface Work {
  run(): Promise<Timed>
  /** @throws Error where bytes are wrong that were not looked at while the clock ran. */
  check(): Promise<void>
}

export interface Scenario<S extends Size = Size> {
  readonly id: string
  /** What the rate counts each second: operations (`/s`), megabytes (`MB/s`) or `entries/s`. */
  readonly unit: string
  title(size: S): string
  prepare(port: Target, size: S): Promise<Work>
}

/** The port of a server, or of several that are asked in turns. */
export type Target = number | readonly number[]

/**
 * A way in which some servers can be started beside the usual one: with a line in the log for each
 * request, with HTTPS, with a line for each garbage collection, or so that blobs are read from the bucket.
 */
export type Variant = 'log' | 'tls' | 'trace-gc' | 'redirect'

/** A scenario of the table, with its sizes. */
export interface TableScenario<S extends Size = Size> extends Scenario<S> {
  /** Only on servers that can be started in this way. */
  readonly variant?: Variant
  /** Whether the bare servers are measured too. They keep little, and all of it in memory. */
  readonly bare?: boolean
  readonly sizes: { readonly full: S; readonly quick: S }
}

/** What was measured. A figure that could not be taken is null or absent. */
export interface Figures {
  readonly operations?: number | null
  readonly seconds?: number | null
  readonly rate?: number | null
  readonly p50Ms?: number | null
  readonly p99Ms?: number | null
  readonly clientCpuSeconds?: number | null
  readonly serverCpuSeconds?: number | null
  readonly otherCpuSeconds?: number | null
  /** Of what several servers share, where they do. */
  readonly databaseCpuSeconds?: number | null
  readonly bucketCpuSeconds?: number | null
  readonly balancerCpuSeconds?: number | null
  readonly sqlStatements?: number | null
  readonly cpuMicrosPerOperation?: number | null
  readonly peakBytes?: number | null
  readonly bootMs?: number | null
  /** The server's CPU time until its first answer. */
  readonly bootCpuMs?: number | null
  readonly residentBytes?: number | null
  readonly failed?: undefined
}

export type Measured = Figures | { readonly failed: string }

/** A server that can be started, by its command with `{port}` and `{dir}` and more in it. */
export interface Server {
  readonly name: string
  readonly kind: 'layerdock' | 'bare' | 'peer'
  /** The runtime it runs on; null for other registries. */
  readonly runtime: string | null
  readonly command: string
  /** The command for each variant that it has. */
  readonly variants: Readonly<Partial<Record<Variant, string>>>
  /** What is on disk when it answers a push. */
  readonly syncs: string
}

export interface RunningServer {
  readonly name: string
  readonly port: number
  readonly pid: number
  /** What clients connect to, where that is not its port. */
  readonly target?: Target
  /** All processes that serve, where there are several. */
  readonly pids?: readonly number[]
  /**
   * What others have done for it so far, by the name of the figure: seconds of CPU that a database has used, or
   * how many calls of a kind a bucket has had.
   */
  beside?(): Promise<Readonly<Record<string, number | null>>>
  readonly dir: string
  readonly idle: Figures
  stop(): Promise<void>
  /** How the process ended; null while it runs. */
  ended(): string | null
}

/** Where several servers keep their names and bytes. */
export interface SharedStores {
  /** A URL; only Layerdock has one. */
  readonly database?: string
  readonly bucket: SharedBucket
}

/** A part of a bucket. */
export interface SharedBucket {
  readonly endpoint: string
  readonly name: string
  readonly prefix: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A whole run. The other servers are compared with the first. */
export interface Run {
  readonly command: string
  readonly date: string
  readonly machine: string
  /** Of the runtimes, such as `Bun 1.4.5`. */
  readonly versions: readonly string[]
  readonly rounds: number
  readonly quick: boolean
  readonly servers: readonly (Pick<Server, 'name' | 'kind' | 'runtime' | 'syncs'> & {
    /** What it held at the start, where that was much. */
    readonly contents?: Readonly<Record<string, number>> | null
  })[]
  readonly scenarios: readonly {
    readonly id: string
    readonly title: string
    readonly unit: string
  }[]
  /** For each server, one entry a round. */
  readonly idle: Readonly<Record<string, readonly Figures[]>>
  /** For each scenario and server, one entry a round. */
  readonly cells: Readonly<Record<string, Readonly<Record<string, readonly Measured[]>>>>
}
