import { RegistryError } from '../../oci/registry-error.ts'
import { ContentFault } from '../content.ts'
import { inTime } from './in-time.ts'

/**
 * The bytes of an answer.
 *
 * @throws ContentFault where there are more than `most`; RegistryError `unavailable` where they end too early.
 */
export async function readBody(response: Response, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = response.body?.getReader()
  for (;;) {
    const value = reader === undefined ? null : await next(reader)
    if (value === null) break
    size += value.byteLength
    if (size > most) {
      await reader?.cancel().catch(() => {})
      throw new ContentFault('refused', `the answer is larger than ${most} bytes`)
    }
    chunks.push(value)
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array | null> {
  try {
    const { done, value } = await inTime(reader.read())
    return done ? null : value
  } catch (error) {
    await reader.cancel().catch(() => {})
    throw new RegistryError('unavailable', { cause: error })
  }
}

/** An answer as JSON; null where it is none. @throws ContentFault */
export async function readJson(response: Response, most: number): Promise<unknown> {
  const bytes = await readBody(response, most)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return null
  }
}

/** What an answer says went wrong, for a person: `404 MANIFEST_UNKNOWN: manifest unknown`. */
export async function problemIn(response: Response): Promise<string> {
  const { status } = response
  const said = await readJson(response, 64 * 1024).catch(() => null)
  const errors = isObject(said) && Array.isArray(said.errors) ? said.errors : []
  const parts = errors.slice(0, 3).map((error: unknown) => {
    if (!isObject(error)) return ''
    const detail = error.detail === undefined ? '' : ` ${JSON.stringify(error.detail)}`
    return `${error.code}: ${error.message}${detail}`.slice(0, 300)
  })
  return [String(status), ...parts].join(' ')
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
