import type { ByteRate } from '../copy/byte-rate.ts'
import { algorithmOf, digestOf } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { HashFactory } from '../ports/streaming-hash.ts'
import {
  type BlobWriter,
  ContentFault,
  type ContentSource,
  type ContentTarget,
  type NamedContent,
  type SourceBlob,
} from './content.ts'

/** What a blob is sent with. */
export interface SendDeps {
  readonly source: ContentSource
  readonly target: ContentTarget
  readonly hash: HashFactory
  readonly rate: ByteRate
  readonly signal: AbortSignal | undefined
  /** Told of bytes that were sent. */
  readonly sent: (bytes: number) => void
}

/**
 * Sends the bytes of a blob, hashed as they pass; the target has them in the end only where they are those of the
 * digest.
 *
 * @throws ContentFault where they cannot be had, are not those, or are not taken.
 */
export async function sendBlob(
  deps: SendDeps,
  repository: RepositoryName,
  named: NamedContent,
): Promise<void> {
  const { source, target } = deps
  let blob = await source.openBlob(repository, named)
  if (target.wantsVerified?.(blob.size) === true) {
    await pump({ ...deps, sent: () => {} }, named, blob, null)
    blob = await source.openBlob(repository, named)
  }
  const { digest } = named
  const writer = await target
    .stageBlob(repository, { digest, size: blob.size })
    .catch(async (error: unknown) => {
      await blob.stream.cancel().catch(() => {})
      throw error
    })
  try {
    await pump(deps, named, blob, writer)
    await writer.commit()
  } catch (error) {
    await writer.discard().catch(() => {})
    throw error
  }
}

async function pump(
  { hash: startHash, rate, signal, sent }: SendDeps,
  { digest }: NamedContent,
  { size, stream }: SourceBlob,
  writer: BlobWriter | null,
): Promise<void> {
  const algorithm = algorithmOf(digest)
  const hash = startHash(algorithm, undefined, size)
  const reader = stream.getReader()
  let read = 0
  try {
    for (;;) {
      signal?.throwIfAborted()
      const chunk = await next(reader, signal)
      if (chunk === null) break
      const { byteLength } = chunk
      read += byteLength
      if (read > size) throw new ContentFault('damaged', `there are more than its ${size} bytes`)
      // Before the target has it: that may detach its memory.
      await hash.update(chunk)
      await rate.take(byteLength)
      await writer?.write(chunk)
      sent(byteLength)
    }
  } catch (error) {
    await reader.cancel().catch(() => {})
    throw error
  }
  const found = digestOf(algorithm, await hash.digest())
  if (read === size && found === digest) return
  throw new ContentFault('damaged', `${read} bytes were read, of ${size}, and they are ${found}`)
}

async function next(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | null> {
  try {
    const { done, value } = await reader.read()
    return done ? null : value
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof ContentFault || error instanceof RegistryError) throw error
    throw new ContentFault('unreadable', error instanceof Error ? error.message : String(error))
  }
}
