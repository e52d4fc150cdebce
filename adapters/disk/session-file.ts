import { parseRepositoryName, parseUploadId } from '../../src/index.ts'
import { isDigestAlgorithm, type StageState, type UploadSession } from '../../src/kit.ts'

/** A session as it stands in its file. */
interface SessionDocument {
  readonly format: 1
  /** Which start of the machine it was written under; null where that cannot be told. */
  readonly boot: string | null
  readonly session: UploadSession
}

/** A session's file. */
export function sessionText(session: UploadSession, boot: string | null): string {
  const document: SessionDocument = { format: 1, boot, session }
  return `${JSON.stringify(document)}\n`
}

/**
 * Reads a session's file; null when it is not, in every field, what {@link sessionText} writes.
 * What was hashed before the machine was last started is not believed: the file's bytes may never
 * have reached the disk, and its digest has to be taken again.
 */
export function parseSession(text: string, boot: string | null): UploadSession | null {
  const document = objectOf(parseJson(text))
  const fields = objectOf(document?.session)
  if (document?.format !== 1 || fields === null) return null
  const id = parsed(fields.id, parseUploadId)
  const repository = parsed(fields.repository, parseRepositoryName)
  const { principal, offset, algorithm, hexSoFar, startedAt, touchedAt } = fields
  const stage = stageOf(fields.stage)
  if (id === null || repository === null || stage === undefined) return null
  if (principal !== null && typeof principal !== 'string') return null
  if (hexSoFar !== null && typeof hexSoFar !== 'string') return null
  if (typeof algorithm !== 'string' || !isDigestAlgorithm(algorithm)) return null
  if (!isCount(offset) || !isCount(startedAt) || !isCount(touchedAt)) return null
  if ((stage?.size ?? 0) !== offset) return null
  const believed = boot !== null && document.boot === boot
  const hex = believed ? hexSoFar : null
  return {
    id,
    repository,
    principal,
    offset,
    algorithm,
    hexSoFar: hex,
    stage,
    startedAt,
    touchedAt,
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | null {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Readonly<Record<string, unknown>>) : null
}

function parsed<T>(value: unknown, parse: (text: string) => T | null): T | null {
  return typeof value === 'string' ? parse(value) : null
}

/** Undefined for what is no stage state. */
function stageOf(value: unknown): StageState | null | undefined {
  if (value === null) return null
  const size = objectOf(value)?.size
  return isCount(size) ? { size } : undefined
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
