import { bodySource } from '../../http/native-body.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { isJson } from './own-origin.ts'

/** What a form or a JSON document says. */
export interface FormFields {
  /** The first value of a field; null where there is none. */
  get(name: string): string | null
  /** All values of a field, in order. */
  all(name: string): readonly string[]
}

/** A thousand digests with room to spare. */
const mostBytes = 256 * 1024

/**
 * Reads the fields of a POST: of a form, or of a JSON object whose values are texts and lists of texts.
 *
 * @throws RegistryError `formTooLarge`; `requestInvalid` for anything else.
 */
export async function formFields(request: Request): Promise<FormFields> {
  const text = new TextDecoder().decode(await readBody(request))
  const type = request.headers.get('content-type') ?? ''
  if (isJson(request.headers)) return jsonFields(text)
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) throw unreadable()
  const parameters = new URLSearchParams(text)
  return { get: (name) => parameters.get(name), all: (name) => parameters.getAll(name) }
}

function jsonFields(text: string): FormFields {
  const fields: Map<string, readonly string[]> = new Map()
  for (const [name, value] of Object.entries(objectOf(text))) {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value]
    if (!values.every((one): one is string => typeof one === 'string')) throw unreadable()
    fields.set(name, values)
  }
  return {
    get: (name) => fields.get(name)?.[0] ?? null,
    all: (name) => fields.get(name) ?? [],
  }
}

function objectOf(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw unreadable()
  }
  if (typeof value !== 'object' || value === null) throw unreadable()
  return value
}

function unreadable(): RegistryError {
  return new RegistryError('requestInvalid', {
    advice: 'send a form, or a JSON object whose values are texts or lists of texts',
  })
}

const bodies: WeakMap<Request, Promise<Uint8Array>> = new WeakMap()

/**
 * Reads the body of a POST, once however often it is asked for.
 *
 * @throws RegistryError `formTooLarge`.
 */
export function readBody(request: Request): Promise<Uint8Array> {
  const known = bodies.get(request)
  if (known !== undefined) return known
  const body = boundedBody(request)
  bodies.set(request, body)
  return body
}

/** By the adapter's own way, which notices a body parser that was there before. */
async function boundedBody(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  await bodySource(request)?.pipe((chunk) => {
    size += chunk.byteLength
    if (size > mostBytes) throw new RegistryError('formTooLarge')
    chunks.push(chunk)
  })
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}
