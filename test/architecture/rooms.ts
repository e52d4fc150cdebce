import { type Import, packageOf } from './source-files.ts'

/** A room of the house, and whom it may know. */
export interface Room {
  readonly name: string
  /** Folders (ending in `/`) and files that are the room. */
  readonly where: readonly string[]
  /** Rooms it may import beside itself. */
  readonly rooms: readonly string[]
  /** Packages and `node:` modules it may import. */
  readonly packages: readonly string[]
  /** Packages that only some of its files may import. */
  readonly onlyIn?: Readonly<Record<string, readonly string[]>>
}

const surface = ['index', 'kit']

/** Who may import whom: what is not said here is forbidden. */
export const rooms: readonly Room[] = [
  { name: 'spec', where: ['src/spec/'], rooms: [], packages: [] },
  { name: 'ports', where: ['src/ports/'], rooms: ['spec'], packages: [] },
  { name: 'options', where: ['src/options.ts'], rooms: ['ports'], packages: [] },
  {
    name: 'core',
    where: ['src/core/'],
    rooms: ['spec', 'ports', 'options'],
    packages: ['valibot'],
  },
  {
    name: 'metadata',
    where: ['src/metadata/'],
    rooms: ['spec', 'ports'],
    packages: ['valibot'],
  },
  {
    name: 'memory',
    where: ['src/memory/'],
    rooms: ['spec', 'ports'],
    packages: ['@noble/hashes'],
  },
  {
    name: 'http',
    where: ['src/http/'],
    rooms: ['spec', 'ports', 'options'],
    packages: [],
    onlyIn: { hono: ['src/http/app.ts'] },
  },
  {
    name: 'registry',
    where: ['src/registry.ts'],
    rooms: ['spec', 'ports', 'options', 'core', 'metadata', 'memory', 'http'],
    packages: [],
    // The type of `registry.app`, which callers mount; checked to be a type below.
    onlyIn: { hono: ['src/registry.ts'] },
  },
  {
    name: 'index',
    where: ['src/index.ts'],
    rooms: ['spec', 'ports', 'options', 'core', 'metadata', 'memory', 'http', 'registry'],
    packages: [],
  },
  {
    name: 'kit',
    where: ['src/kit.ts'],
    rooms: ['spec', 'ports', 'options', 'core', 'metadata', 'memory', 'http', 'registry'],
    packages: [],
  },
  { name: 'testing', where: ['src/testing/'], rooms: surface, packages: [] },
  {
    name: 'disk',
    where: ['adapters/disk/'],
    rooms: surface,
    packages: ['node:path'],
    onlyIn: {
      // The store itself is reached through `Files` alone; the other two look at what is not in it:
      // the folder's real name, the machine's last start, the programs on the path.
      'node:fs': ['adapters/disk/node-files.ts', 'adapters/disk/store.ts', 'adapters/disk/lock.ts'],
      'node:child_process': ['adapters/disk/flock.ts'],
      'node:crypto': ['adapters/disk/node-hash.ts'],
      'node:net': ['adapters/disk/socket-lock.ts'],
      'node:zlib': ['adapters/disk/snapshot-file.ts'],
    },
  },
  {
    name: 'node-http',
    where: ['adapters/node-http/'],
    rooms: [...surface, 'disk'],
    packages: ['node:', '@hono/node-server'],
  },
  {
    name: 'node-fs',
    where: ['adapters/node-fs/'],
    rooms: [...surface, 'disk', 'node-http'],
    packages: [],
  },
  {
    name: 'bun',
    where: ['adapters/bun/'],
    rooms: [...surface, 'disk'],
    packages: ['node:dns'],
  },
  {
    name: 'deno',
    where: ['adapters/deno/'],
    rooms: [...surface, 'disk', 'node-http'],
    packages: [],
  },
  {
    name: 'cli',
    where: ['adapters/cli/'],
    rooms: [...surface, 'disk', 'node-http', 'node-fs', 'bun', 'deno'],
    packages: ['node:', 'pino', 'valibot', 'fastest-levenshtein'],
    // The type of what Node hands to a fetch handler.
    onlyIn: { '@hono/node-server': ['adapters/cli/front.ts'] },
  },
]

/** The room a file is in, or null. */
export function roomOf(path: string): Room | null {
  const within = (place: string): boolean =>
    place.endsWith('/') ? path.startsWith(place) : path === place
  return rooms.find((room) => room.where.some(within)) ?? null
}

/** A room's row in CONTRIBUTING.md: where it is, and what it may import. */
export function toldOf(room: Room): readonly [where: string, imports: string] {
  const { where, packages, onlyIn = {} } = room
  const anything = packages.map((name) => (name === 'node:' ? 'node:*' : name))
  const parts = [room.rooms.join(', '), anything.join(', ')].filter((part) => part !== '')
  const single = Object.keys(onlyIn)
  if (single.length > 0) parts.push(`in single files ${single.join(', ')}`)
  return [where.map((place) => place.replace(/\/$/, '')).join(', '), parts.join('; ') || 'nothing']
}

/** What is wrong with a file's imports, in words; nothing where all is well. */
export function forbidden(path: string, imports: readonly Import[]): readonly string[] {
  const room = roomOf(path)
  if (room === null) return [`${path} is in no room`]
  return imports
    .filter(({ target }) => !mayImport(room, path, target))
    .map(({ target }) => `${path} (${room.name}) may not import ${target}`)
}

function mayImport(room: Room, path: string, target: string): boolean {
  if (target.startsWith('src/') || target.startsWith('adapters/')) {
    const other = roomOf(target)
    return other !== null && (other === room || room.rooms.includes(other.name))
  }
  const name = packageOf(target)
  if (room.packages.includes(name)) return true
  if (name.startsWith('node:') && room.packages.includes('node:')) return true
  return room.onlyIn?.[name]?.includes(path) ?? false
}

/** The first ring of files that import each other, or null. Types do not run, so they may. */
export function ringIn(graph: ReadonlyMap<string, readonly Import[]>): readonly string[] | null {
  const done: Set<string> = new Set()
  const visit = (path: string, trail: readonly string[]): readonly string[] | null => {
    const at = trail.indexOf(path)
    if (at !== -1) return [...trail.slice(at), path]
    if (done.has(path)) return null
    for (const { target, typeOnly } of graph.get(path) ?? []) {
      const ring = typeOnly ? null : visit(target, [...trail, path])
      if (ring !== null) return ring
    }
    done.add(path)
    return null
  }
  for (const path of graph.keys()) {
    const ring = visit(path, [])
    if (ring !== null) return ring
  }
  return null
}
