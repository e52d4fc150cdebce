import { parseUploadId, type UploadId } from '../../src/index.ts'
import { crc32 } from './crc32.ts'
import { parseSession, type SessionRecord, sessionText } from './session-file.ts'

/** What a line of the sessions' file says. */
export type SessionLine =
  | { readonly kind: 'session'; readonly record: SessionRecord }
  | { readonly kind: 'gone'; readonly id: UploadId }

const form = /^([0-9a-f]{8}) (.*)$/s
const goneForm = /^gone ([0-9a-f-]{36})$/

/**
 * A session as it is now: the CRC-32 of the rest in hexadecimal, and the session.
 *
 * @throws Error when the session is too long to be kept.
 */
export function sessionLine(record: SessionRecord, boot: string | null): Uint8Array {
  return lineOf(sessionText(record, boot).trimEnd())
}

/** Says that a session has ended. */
export function goneLine(id: UploadId): Uint8Array {
  return lineOf(`gone ${id}`)
}

/** Null where a line is damaged, or its writing was cut off. */
export function parseLine(line: string, boot: string | null): SessionLine | null {
  const [, check, text = ''] = form.exec(line) ?? []
  if (check === undefined || Number.parseInt(check, 16) !== crc32(text)) return null
  const [, ended] = goneForm.exec(text) ?? []
  if (ended !== undefined) {
    const id = parseUploadId(ended)
    return id && { kind: 'gone', id }
  }
  const record = parseSession(text, boot)
  return record && { kind: 'session', record }
}

function lineOf(text: string): Uint8Array {
  return new TextEncoder().encode(`${crc32(text).toString(16).padStart(8, '0')} ${text}\n`)
}
