import { type NoticeSink, RegistryError } from '../../src/index.ts'
import { codeOf, writeError } from './file-errors.ts'
import type { Files } from './files.ts'
import type { Layout } from './layout.ts'
import type { BlobPlace } from './store-marker.ts'

/** The parts of a store that can fail on their own. */
export type StorePart = 'metadata' | 'blobs' | 'uploads'

/** How a part of a store does. */
export interface PartHealth {
  /**
   * `full`: there is no room for more. `read-only`: it can be read, and not be written. `unavailable`:
   * the system reports errors, or what belongs to the store is gone.
   */
  readonly state: 'ok' | 'full' | 'read-only' | 'unavailable'
  /** Why it is not ok, without paths; null where it is. */
  readonly reason: string | null
}

/** How each part of a store does. */
export type StoreHealthReport = Readonly<Record<StorePart, PartHealth>>

const everyPart: readonly StorePart[] = ['metadata', 'blobs', 'uploads']
const ok: PartHealth = { state: 'ok', reason: null }

/** What {@link StoreHealth} needs. */
export interface StoreHealthDeps {
  readonly files: Files
  readonly layout: Layout
  readonly onNotice: NoticeSink
  /** How each part is looked at: a look throws what is wrong. */
  readonly looks: Readonly<Record<StorePart, () => Promise<void>>>
  /** Where the bytes are: elsewhere, the folder says nothing of them. */
  readonly blobs: BlobPlace
  /** Whether the store was opened not to be written. */
  readonly readOnly: boolean
  /** The parts that are in the folder, or belong to it. Default: all. */
  readonly parts?: readonly StorePart[]
}

/**
 * What is known of a store's condition: what its writes met with, and what a look at its folder
 * finds. Each change is a notice, once.
 */
export class StoreHealth {
  readonly #deps: StoreHealthDeps
  readonly #found: Map<StorePart, PartHealth> = new Map()
  /** Parts that are written no more until a restart, and why. */
  readonly #latched: Map<StorePart, PartHealth> = new Map()
  #looking: Promise<void> | null = null

  constructor(deps: StoreHealthDeps) {
    this.#deps = deps
  }

  report(): StoreHealthReport {
    const of = (part: StorePart): PartHealth =>
      this.#latched.get(part) ?? this.#found.get(part) ?? ok
    return { metadata: of('metadata'), blobs: of('blobs'), uploads: of('uploads') }
  }

  /** Notes a write that failed. Errors that say nothing of the storage are ignored. */
  failed(part: StorePart, error: unknown): void {
    const health = healthAfter(error)
    if (health !== null && !this.#latched.has(part)) this.#set(part, health, error)
  }

  /** Notes a write that went through. */
  wrote(part: StorePart): void {
    if (this.#found.has(part)) this.#set(part, ok, null)
  }

  /** Notes that a part is written no more until a restart, which is a notice of its own. */
  latch(part: StorePart, error: RegistryError): void {
    if (this.#latched.has(part)) return
    this.#latched.set(part, { state: 'read-only', reason: reasonOf(error.cause ?? error) })
  }

  /**
   * Refuses what could not be written anyway, before its bytes are taken.
   *
   * @throws RegistryError `storageReadOnly` or `unavailable`
   */
  async expectWritable(): Promise<void> {
    if (this.#latched.size === 0 && this.#found.size === 0) return
    // What was wrong may have been put right.
    await this.check()
    for (const { state } of Object.values(this.report())) {
      if (state === 'read-only') throw new RegistryError('storageReadOnly')
      if (state === 'unavailable') throw new RegistryError('unavailable')
    }
  }

  /** Looks at the folder, once for all who ask meanwhile. Never rejects. */
  check(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  async #look(): Promise<void> {
    const { looks, blobs, parts = everyPart } = this.#deps
    const marker = await this.#tryMarker()
    for (const part of parts) {
      const isHere = part !== 'blobs' || blobs === 'here'
      const error = (isHere ? marker : null) ?? (await failureOf(looks[part]))
      if (error !== null) this.failed(part, error)
      // Room is there again when a write finds it.
      else if (this.#found.get(part)?.state !== 'full') this.wrote(part)
    }
  }

  /** Opening a file to write is what a read-only file system refuses on every runtime. */
  async #tryMarker(): Promise<unknown> {
    const { files, layout, readOnly } = this.#deps
    try {
      const file = await files.open(layout.marker, readOnly ? 'read' : 'write')
      await file.close()
      return null
    } catch (error) {
      const code = codeOf(error)
      // Its owner may have protected the file, which is never written.
      return code === 'EACCES' || code === 'EPERM' ? null : writeError(error)
    }
  }

  #set(part: StorePart, health: PartHealth, error: unknown): void {
    const before = this.#found.get(part) ?? ok
    if (health.state === 'ok') this.#found.delete(part)
    else this.#found.set(part, health)
    if (before.state === health.state) return
    this.#deps.onNotice({ kind: 'store-condition', part, ...health, error })
  }
}

/** What a look throws; what is not one of our errors means that the part cannot be used. */
async function failureOf(look: () => Promise<void>): Promise<unknown> {
  try {
    await look()
    return null
  } catch (error) {
    const failure = writeError(error)
    if (failure instanceof RegistryError) return failure
    return new RegistryError('unavailable', { cause: failure })
  }
}

/** What a failed write says of the storage; null when it says nothing. */
function healthAfter(error: unknown): PartHealth | null {
  if (!(error instanceof RegistryError)) return null
  const reason = reasonOf(error.cause)
  switch (error.kind) {
    case 'storageFull':
      return { state: 'full', reason: 'there is no room left' }
    case 'storageReadOnly':
      return { state: 'read-only', reason }
    case 'unavailable':
      return isOutOfDescriptors(error.cause) ? null : { state: 'unavailable', reason }
    default:
      return null
  }
}

/** A process out of descriptors says nothing of its storage. */
function isOutOfDescriptors(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'EMFILE' || code === 'ENFILE'
}

/** Without the paths in the system's own message, since `/healthz` is open to everybody. */
function reasonOf(error: unknown): string {
  if (error instanceof RegistryError && error.cause !== undefined) return reasonOf(error.cause)
  const code = codeOf(error)
  switch (code) {
    case 'EROFS':
      return 'the file system is read-only'
    case 'ENOENT':
    case 'ENOTDIR':
      return 'files of the store are gone'
    case null:
      return 'the storage failed'
    default:
      return `the system reports ${code}`
  }
}
