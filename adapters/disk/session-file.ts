import {
  type DigestAlgorithm,
  parseDigest,
  parseRepositoryName,
  parseUploadId,
  type UploadId,
} from '../../src/index.ts'
import {
  type BlobRef,
  isDigestAlgorithm,
  type StageState,
  type UploadSession,
} from '../../src/kit.ts'

/** The most a session's file may have, in bytes: the state of a large upload in parts fits. */
export const longestSession: number = 2 * 1024 * 1024

/** A session as its file holds it. */
export interface SessionRecord {
  readonly session: UploadSession
  /** When it was last saved, in milliseconds since the epoch by the store's clock. */
  readonly savedAt: number
}

/** {@link SessionRecord} in a file. Format 1 had `touchedAt` in the session, and fewer fields. */
interface SessionDocument extends SessionRecord {
  readonly format: 2
  /** Which start of the machine it was written under; null where that cannot be told. */
  readonly boot: string | null
}

type Fields = Readonly<Record<string, unknown>>

/**
 * A session's file.
 *
 * @throws Error when it would be longer than {@link longestSession}.
 */
export function sessionText({ session, savedAt }: SessionRecord, boot: string | null): string {
  const document: SessionDocument = { format: 2, boot, savedAt, session }
  const text = `${JSON.stringify(document)}\n`
  if (text.length <= longestSession) return text
  throw new Error(`the state of upload ${session.id} has ${text.length} bytes, too many to keep`)
}

/**
 * Reads a session's file; null unless every field is what {@link sessionText} writes, or what format 1
 * wrote. Hashes from before the machine last started are not believed: the bytes they are of may never
 * have reached the disk, and must be hashed again.
 */
export function parseSession(text: string, boot: string | null): SessionRecord | null {
  const document = objectOf(parseJson(text))
  const fields = objectOf(document?.session)
  if (document === null || fields === null) return null
  const { format } = document
  if (format !== 1 && format !== 2) return null
  const session = parseFields(format === 1 ? upgraded(fields) : fields)
  const savedAt = format === 1 ? fields.touchedAt : document.savedAt
  if (session === null || !isCount(savedAt)) return null
  const believed = boot !== null && document.boot === boot
  return {
    session: believed ? session : { ...session, hexSoFar: null, hashState: null },
    savedAt,
  }
}

/** What format 1 did not have. Its sessions were counted by principal. */
function upgraded(fields: Fields): Fields {
  return { ...fields, owner: fields.principal, hashState: null, committed: null }
}

function parseFields(fields: Fields): UploadSession | null {
  const id: UploadId | null = parsed(fields.id, parseUploadId)
  const repository = parsed(fields.repository, parseRepositoryName)
  const algorithm = parsed(fields.algorithm, algorithmNamed)
  const { principal, owner, offset, hexSoFar, hashState, startedAt } = fields
  const stage = stageOf(fields.stage)
  const committed = committedOf(fields.committed)
  if (id === null || repository === null || algorithm === null) return null
  if (stage === undefined || committed === undefined) return null
  if (!isTextOrNull(principal) || !isTextOrNull(owner)) return null
  if (!isTextOrNull(hexSoFar) || !isTextOrNull(hashState)) return null
  if (!isCount(offset) || !isCount(startedAt)) return null
  // Bytes that are committed are staged no longer.
  if (committed === null && (stage?.size ?? 0) !== offset) return null
  return {
    id,
    repository,
    principal,
    owner,
    offset,
    algorithm,
    hexSoFar,
    hashState,
    stage,
    committed,
    startedAt,
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function objectOf(value: unknown): Fields | null {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Fields) : null
}

function parsed<T>(value: unknown, parse: (text: string) => T | null): T | null {
  return typeof value === 'string' ? parse(value) : null
}

function algorithmNamed(name: string): DigestAlgorithm | null {
  return isDigestAlgorithm(name) ? name : null
}

/** The state with every field its store gave it; undefined for what is not a state. */
function stageOf(value: unknown): StageState | null | undefined {
  if (value === null) return null
  const fields = objectOf(value)
  return fields !== null && isCount(fields.size) ? { ...fields, size: fields.size } : undefined
}

/** Undefined for what is not a reference. */
function committedOf(value: unknown): BlobRef | null | undefined {
  if (value === null) return null
  const fields = objectOf(value)
  const digest = parsed(fields?.digest, parseDigest)
  if (fields === null || digest === null || !isCount(fields.size)) return undefined
  const { size, key } = fields
  return typeof key === 'string' ? { digest, size, key } : undefined
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
