import { type Import, packageOf } from './source-files.ts'

/** A layer, and what it may import. */
export interface Layer {
  readonly name: string
  /** Folders (ending in `/`) and files that are the layer. */
  readonly where: readonly string[]
  /** Other layers that it may import. */
  readonly layers: readonly string[]
  /** Packages and `node:` modules it may import. */
  readonly packages: readonly string[]
  /** Packages that only some of its files may import. */
  readonly onlyIn?: Readonly<Record<string, readonly string[]>>
}

const surface = ['index', 'kit']

/** The import table. Every other import is forbidden. */
export const layers: readonly Layer[] = [
  { name: 'oci', where: ['src/oci/'], layers: [], packages: [] },
  { name: 'ports', where: ['src/ports/'], layers: ['oci'], packages: [] },
  { name: 'options', where: ['src/options.ts'], layers: ['ports'], packages: [] },
  {
    name: 'core',
    where: ['src/core/'],
    layers: ['oci', 'ports', 'options'],
    packages: [],
  },
  {
    name: 'metadata',
    where: ['src/metadata/'],
    layers: ['oci', 'ports'],
    packages: ['valibot'],
  },
  {
    name: 'memory',
    where: ['src/memory/'],
    layers: ['oci', 'ports'],
    packages: ['@noble/hashes'],
  },
  {
    name: 'http',
    where: ['src/http/'],
    layers: ['oci', 'ports', 'options'],
    packages: [],
    onlyIn: { hono: ['src/http/router.ts', 'src/http/hono-app.ts'] },
  },
  {
    name: 'access',
    where: ['src/access/'],
    layers: ['oci', 'ports'],
    packages: ['@noble/hashes', 'bcryptjs', 'jose', 'valibot'],
  },
  {
    name: 'tracing',
    where: ['src/tracing/'],
    layers: ['oci', 'ports'],
    packages: ['@opentelemetry/api'],
  },
  {
    name: 'service-routes',
    where: ['src/service-routes.ts'],
    layers: ['oci', 'ports', 'options', 'core', 'http'],
    packages: [],
  },
  {
    name: 'service-app',
    where: ['src/service-app.ts'],
    layers: ['ports', 'options', 'http', 'service-routes'],
    packages: [],
  },
  {
    name: 'assembled-registry',
    where: ['src/assembled-registry.ts'],
    layers: ['oci', 'ports', 'options', 'core', 'service-routes'],
    packages: [],
  },
  {
    name: 'registry',
    where: ['src/registry.ts'],
    layers: ['oci', 'options', 'metadata', 'memory', 'http', 'assembled-registry'],
    packages: [],
  },
  {
    name: 'copy',
    where: ['src/copy/'],
    layers: ['oci', 'ports', 'core', 'memory'],
    packages: [],
  },
  {
    name: 'interchange',
    where: ['src/interchange/'],
    layers: ['oci', 'ports', 'core', 'memory', 'copy'],
    packages: [],
  },
  {
    name: 'verify',
    where: ['src/verify/'],
    layers: ['oci', 'ports', 'core', 'memory', 'copy', 'interchange'],
    packages: [],
  },
  {
    name: 'retention',
    where: ['src/retention/'],
    layers: ['oci', 'ports', 'options', 'core', 'access', 'assembled-registry'],
    packages: [],
  },
  {
    name: 'webhooks',
    where: ['src/webhooks/'],
    layers: ['oci', 'ports', 'options', 'access'],
    packages: ['valibot'],
  },
  {
    name: 'ui',
    where: ['src/ui/'],
    layers: ['oci', 'ports', 'options', 'core', 'http', 'assembled-registry'],
    packages: [],
    onlyIn: { hono: ['src/ui/html.ts'] },
  },
  {
    name: 'maintenance',
    where: ['src/maintenance.ts'],
    layers: ['oci', 'ports', 'registry'],
    packages: [],
  },
  {
    name: 'index',
    where: ['src/index.ts'],
    layers: [
      'oci',
      'ports',
      'options',
      'core',
      'metadata',
      'memory',
      'http',
      'service-app',
      'registry',
    ],
    packages: [],
  },
  {
    name: 'kit',
    where: ['src/kit.ts'],
    layers: [
      'oci',
      'ports',
      'options',
      'core',
      'metadata',
      'memory',
      'http',
      'service-app',
      'assembled-registry',
      'registry',
      'copy',
      'interchange',
      'verify',
      'maintenance',
    ],
    packages: [],
  },
  { name: 'testing', where: ['src/testing/'], layers: surface, packages: [] },
  {
    name: 'disk',
    where: ['adapters/disk/'],
    layers: surface,
    packages: ['node:path'],
    onlyIn: {
      // The store itself uses only `Files`, which the first two make; the other files look at things
      // outside of it: the folder's real name, the machine's last start, the programs on the path.
      'node:fs': [
        'adapters/disk/node-files.ts',
        'adapters/disk/real-path.ts',
        'adapters/disk/spare-descriptors.ts',
        'adapters/disk/store.ts',
        'adapters/disk/lock.ts',
      ],
      'node:buffer': [
        'adapters/disk/segments/record.ts',
        'adapters/disk/segments/segment-writer.ts',
        'adapters/disk/staged-in-memory.ts',
        'adapters/disk/threaded-hash.ts',
      ],
      'node:child_process': ['adapters/disk/flock.ts'],
      'node:crypto': ['adapters/disk/node-hash.ts'],
      'node:net': ['adapters/disk/socket-lock.ts'],
      'node:os': ['adapters/disk/threaded-hash.ts'],
      'node:worker_threads': ['adapters/disk/hash-thread.ts'],
      'node:zlib': ['adapters/disk/crc32.ts'],
    },
  },
  {
    name: 'folders',
    where: ['adapters/folders/'],
    layers: surface,
    packages: ['node:crypto', 'node:fs', 'node:path'],
  },
  {
    name: 'backup',
    where: ['adapters/backup/'],
    layers: [...surface, 'disk', 'folders'],
    packages: ['node:fs', 'node:os', 'node:path', 'valibot'],
  },
  {
    name: 'serving',
    where: ['adapters/serving/'],
    layers: surface,
    packages: [],
    onlyIn: {
      'node:fs': ['adapters/serving/descriptors.ts', 'adapters/serving/send-queues.ts'],
      'node:timers': ['adapters/serving/turns.ts'],
    },
  },
  {
    name: 'webhook-transport',
    where: ['adapters/webhooks/'],
    layers: [...surface, 'webhooks'],
    packages: ['node:dns', 'node:http', 'node:https', 'node:tls'],
  },
  {
    name: 'node-http',
    where: ['adapters/node-http/'],
    layers: [...surface, 'disk', 'serving'],
    packages: ['node:', '@hono/node-server'],
  },
  {
    name: 'node-fs',
    where: ['adapters/node-fs/'],
    layers: [...surface, 'webhook-transport', 'disk', 'serving', 'node-http'],
    packages: [],
  },
  {
    name: 'bun',
    where: ['adapters/bun/'],
    layers: [...surface, 'webhook-transport', 'disk', 'serving'],
    packages: ['node:dns', 'node:http'],
  },
  {
    name: 'deno',
    where: ['adapters/deno/'],
    layers: [...surface, 'webhook-transport', 'disk', 'serving', 'node-http'],
    packages: ['node:net'],
  },
  {
    name: 'postgres',
    where: ['adapters/postgres/'],
    layers: surface,
    packages: ['postgres'],
    onlyIn: { 'node:net': ['adapters/postgres/sockets.ts'] },
  },
  {
    name: 's3',
    where: ['adapters/s3/'],
    layers: surface,
    packages: ['@noble/hashes'],
    onlyIn: {
      // Types alone: the modules are asked of the runtime, so that bundles for others need not have them.
      'node:http': ['adapters/s3/node-transport.ts'],
      'node:https': ['adapters/s3/node-transport.ts'],
    },
  },
  {
    name: 'cli',
    where: ['adapters/cli/'],
    layers: [
      ...surface,
      'access',
      'retention',
      'webhooks',
      'webhook-transport',
      'tracing',
      'ui',
      'disk',
      'folders',
      'backup',
      'postgres',
      's3',
      'serving',
      'node-http',
      'node-fs',
      'bun',
      'deno',
    ],
    packages: ['node:', 'pino', 'sonic-boom', 'valibot', 'fastest-levenshtein'],
    onlyIn: {
      // The type of the bindings that Node passes to a fetch handler.
      '@hono/node-server': ['adapters/cli/front.ts'],
      // Loaded where something is measured alone.
      'prom-client': ['adapters/cli/metrics/metric-set.ts'],
      // In a thread of its own, or in a command that ends.
      bcryptjs: ['adapters/cli/bcrypt-worker.ts', 'adapters/cli/user-command.ts'],
    },
  },
]

/** The layer a file is in, or null. */
export function layerOf(path: string): Layer | null {
  const within = (place: string): boolean =>
    place.endsWith('/') ? path.startsWith(place) : path === place
  return layers.find((layer) => layer.where.some(within)) ?? null
}

/** A layer's row in CONTRIBUTING.md: its folder, and what it may import. */
export function toldOf(layer: Layer): readonly [where: string, imports: string] {
  const { where, packages, onlyIn = {} } = layer
  const anything = packages.map((name) => (name === 'node:' ? 'node:*' : name))
  const parts = [layer.layers.join(', '), anything.join(', ')].filter((part) => part !== '')
  const single = Object.keys(onlyIn)
  if (single.length > 0) parts.push(`in single files ${single.join(', ')}`)
  return [where.map((place) => place.replace(/\/$/, '')).join(', '), parts.join('; ') || 'nothing']
}

/** The forbidden imports of a file, in words. */
export function forbidden(path: string, imports: readonly Import[]): readonly string[] {
  const layer = layerOf(path)
  if (layer === null) return [`${path} is in no layer`]
  return imports
    .filter(({ target }) => !mayImport(layer, path, target))
    .map(({ target }) => `${path} (${layer.name}) may not import ${target}`)
}

function mayImport(layer: Layer, path: string, target: string): boolean {
  if (target.startsWith('src/') || target.startsWith('adapters/')) {
    const other = layerOf(target)
    return other !== null && (other === layer || layer.layers.includes(other.name))
  }
  const name = packageOf(target)
  if (layer.packages.includes(name)) return true
  if (name.startsWith('node:') && layer.packages.includes('node:')) return true
  return layer.onlyIn?.[name]?.includes(path) ?? false
}

/** The first cycle of imports, or null. Imports of types do not count, because types do not run. */
export function cycleIn(graph: ReadonlyMap<string, readonly Import[]>): readonly string[] | null {
  const done: Set<string> = new Set()
  const visit = (path: string, trail: readonly string[]): readonly string[] | null => {
    const at = trail.indexOf(path)
    if (at !== -1) return [...trail.slice(at), path]
    if (done.has(path)) return null
    for (const { target, typeOnly } of graph.get(path) ?? []) {
      const cycle = typeOnly ? null : visit(target, [...trail, path])
      if (cycle !== null) return cycle
    }
    done.add(path)
    return null
  }
  for (const path of graph.keys()) {
    const cycle = visit(path, [])
    if (cycle !== null) return cycle
  }
  return null
}
