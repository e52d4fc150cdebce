import {
  type Program,
  programFor,
  type Running,
  type Runtime,
  startServer,
} from '../cli/program.ts'
import { type ObjectStorage, seaweedfs } from '../services/object-storage.ts'
import { type PostgresServer, postgres } from '../services/postgres.ts'
import { type Balancer, startBalancer } from './balancer.ts'

/** What stands in the database URL of the nodes, and nowhere else. */
export const databasePassword = 'hunter2'

/** What a cluster is made of. */
export interface ClusterOptions {
  /** How many nodes. Default: 3. */
  readonly nodes?: number
  /** What they run on. Default: Node. */
  readonly runtime?: Runtime
  /** The program they run. Default: one of its own, made for the runtime. */
  readonly program?: Program
  /** More words for `layerdock serve`, the same for all. */
  readonly words?: readonly string[]
  /** More variables for the nodes. */
  readonly environment?: Readonly<Record<string, string>>
  /** A database and a bucket that are there already. Default: servers of its own, which end with it. */
  readonly stores?: { readonly postgres: PostgresServer; readonly storage: ObjectStorage }
}

/** One node of a cluster. Its port stays the same when it starts again. */
export interface ClusterNode {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** What it has logged since it started last. */
  log(): string
  /** Ends it, and waits until it is gone: by default as a power cut does. Its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>
  /** Starts it again, and waits until it serves. */
  restart(): Promise<void>
}

/** Nodes over one database and one bucket, with a balancer in front. */
export interface Cluster {
  /** Of the balancer. */
  readonly url: string
  readonly nodes: readonly ClusterNode[]
  readonly balancer: Balancer
  readonly postgres: PostgresServer
  readonly storage: ObjectStorage
  /** The URL of the database the nodes share. */
  readonly database: string
  /** The bucket they share, as `--bucket` takes it. */
  readonly bucket: string
  /** The variables of the nodes. */
  readonly environment: Readonly<Record<string, string>>
  /** Starts one more node, which the balancer sends requests to once it serves. */
  addNode(...words: readonly string[]): Promise<ClusterNode>
  stop(): Promise<void>
}

/**
 * Starts PostgreSQL, SeaweedFS, nodes and a balancer that sends each request to the next node.
 *
 * @example
 * const cluster = await startCluster({ nodes: 3 })
 * await fetch(`${cluster.url}/v2/`)
 * await cluster.nodes[0]?.end('SIGKILL')
 * await cluster.stop()
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { nodes: count = 3, runtime = 'node', words = [] } = options
  const ends: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end()
  }
  try {
    const own = options.stores === undefined
    const database = options.stores?.postgres ?? (await postgres.start())
    if (own) ends.push(() => database.stop())
    const storage = options.stores?.storage ?? (await seaweedfs.start())
    if (own) ends.push(() => storage.stop())
    // Whom it knows it does not ask for one: so that a test sees where it is told.
    const url = (await database.database()).replace('@', `:${databasePassword}@`)
    const query = new URLSearchParams({ endpoint: storage.endpoint, region: storage.region })
    const bucket = `s3://${await storage.bucket()}/registry?${query}`
    const program = options.program ?? (await programFor(runtime))
    if (options.program === undefined) ends.push(async () => program.remove())
    const environment = {
      LAYERDOCK_DATABASE: url,
      LAYERDOCK_BUCKET: bucket,
      AWS_ACCESS_KEY_ID: storage.accessKeyId,
      AWS_SECRET_ACCESS_KEY: storage.secretAccessKey,
      ...options.environment,
    }
    const clustered: Program = { ...program, environment }
    const nodes: ClusterNode[] = []
    const addNode = async (...more: readonly string[]): Promise<ClusterNode> => {
      const node = await startNode(clustered, [...words, ...more])
      ends.push(() => node.end())
      nodes.push(node)
      return node
    }
    // The first one makes the tables; the others may come together.
    await addNode()
    await Promise.all(Array.from({ length: count - 1 }, () => addNode()))
    const balancer = await startBalancer(() =>
      nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
    )
    ends.push(() => balancer.close())
    return {
      url: balancer.url,
      nodes,
      balancer,
      postgres: database,
      storage,
      database: url,
      bucket,
      environment,
      addNode,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Starts one node on a free port, which it keeps. */
export async function startNode(program: Program, words: readonly string[]): Promise<ClusterNode> {
  const first = await startServer(program, ...words)
  const { port, url } = first
  let running: Running = first
  return {
    url,
    port,
    get pid() {
      return running.child.pid ?? 0
    },
    log: () => running.out(),
    async end(signal = 'SIGKILL') {
      running.child.kill(signal)
      return (await running.ended).code
    },
    async restart() {
      running = await startServer(program, '--listen', `127.0.0.1:${port}`, ...words)
    },
  }
}
