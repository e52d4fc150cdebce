import type { KeyStore } from '../../../src/access/index.ts'
import { CliError, exitCodes } from '../exit.ts'

/** What says, beside bytes, whose they are. */
export interface BytesMarker {
  /** Null where there is none. */
  read(): Promise<string | null>
  /** Writes it where there is none. */
  write(text: string): Promise<void>
}

/** The name of a marker, as an object or a file. */
export const markerName = 'layerdock.json'

/** What stands beside the names. */
interface Pair {
  readonly id: string
  /** Whether the bytes have their marker. */
  readonly isMarked: boolean
}

/** Where names and bytes are, for people. */
export interface Places {
  readonly names: string
  readonly bytes: string
}

/**
 * Sees to it that names and bytes belong together. With the bytes of other names, every pull would fail, and a
 * sweep would delete what those names stand for. The first start of a registry makes the pair.
 *
 * @param names a document beside the names
 * @throws CliError where they do not.
 */
export async function expectSameBytes(
  names: KeyStore,
  bytes: BytesMarker,
  places: Places,
): Promise<void> {
  const marked = idIn(await bytes.read())
  let text = await names.read()
  if (text === null) {
    if (marked !== null) throw refused(places, `${places.bytes} has the bytes of another registry`)
    await names.replace(null, JSON.stringify({ id: crypto.randomUUID(), isMarked: false }))
    // Another node may have been first.
    text = await names.read()
  }
  const pair = JSON.parse(text ?? '{}') as Partial<Pair>
  const { id = '' } = pair
  if (marked === id) return
  if (marked !== null) throw refused(places, `${places.bytes} has the bytes of another registry`)
  if (pair.isMarked === true) {
    throw refused(
      places,
      `the bytes of ${places.names} are elsewhere: ${places.bytes} has none of them`,
    )
  }
  await bytes.write(`${JSON.stringify({ id })}\n`)
  if (idIn(await bytes.read()) !== id) {
    throw refused(places, `${places.bytes} has the bytes of another registry`)
  }
  await names.replace(text, JSON.stringify({ id, isMarked: true }))
}

/**
 * Sees whether names and bytes belong together, and writes nothing.
 *
 * @throws CliError where they do not.
 */
export async function expectPair(
  names: KeyStore,
  bytes: BytesMarker,
  places: Places,
): Promise<void> {
  const text = await names.read()
  const { id = null, isMarked = false } = JSON.parse(text ?? '{}') as Partial<Pair>
  const marked = idIn(await bytes.read())
  if (marked === id || (marked === null && !isMarked)) return
  throw refused(places, `${places.bytes} does not have the bytes of ${places.names}`)
}

function idIn(text: string | null): string | null {
  if (text === null) return null
  try {
    const { id } = JSON.parse(text) as { readonly id?: unknown }
    return typeof id === 'string' ? id : ''
  } catch {
    return ''
  }
}

function refused({ names }: Places, problem: string): CliError {
  return new CliError(exitCodes.problem, [
    `${problem}. Names and bytes belong together: give ${names} the bucket, prefix or folder it had, or both a place that is empty. Where bytes were copied, copy ${markerName} too`,
  ])
}
