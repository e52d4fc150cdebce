import {
  type Digest,
  type DigestAlgorithm,
  parseDigest,
  parseRepositoryName,
  parseTag,
  type RepositoryName,
  type Tag,
} from '../index.ts'
import { digestOf } from '../kit.ts'

/** The repository name `text`; throws where it is none. */
export function repositoryNamed(text: string): RepositoryName {
  return given(parseRepositoryName(text), text)
}

/** The tag `text`; throws where it is none. */
export function tagNamed(text: string): Tag {
  return given(parseTag(text), text)
}

/** A digest for a small whole number: always the same, and in no order. Stores never hash. */
export function sampleDigest(number: number, algorithm: 'sha256' | 'sha512' = 'sha256'): Digest {
  const scattered = Math.imul(number + 1, 0x9e3779b1) >>> 0
  const hex = scattered.toString(16).padStart(8, '0') + number.toString(16).padStart(8, '0')
  const text = `${algorithm}:${hex.repeat(algorithm === 'sha256' ? 4 : 8)}`
  return given(parseDigest(text), text)
}

/** The digest of some bytes. */
export async function digestOfBytes(
  bytes: Uint8Array,
  algorithm: DigestAlgorithm = 'sha256',
): Promise<Digest> {
  const name = algorithm === 'sha256' ? 'SHA-256' : 'SHA-512'
  const hash = new Uint8Array(await crypto.subtle.digest(name, Uint8Array.from(bytes)))
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return digestOf(algorithm, hex)
}

/** `size` bytes that look like nothing much and are always the same for a seed. */
export function sampleBytes(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size)
  let state = seed
  for (let index = 0; index < size; index += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[index] = state >>> 24
  }
  return bytes
}

/** Everything a stream holds. */
export async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  const reader = stream.getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value)
  }
  return joined(chunks)
}

/** The chunks as one array. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.byteLength, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}

function given<T>(value: T | null, text: string): T {
  if (value === null) throw new Error(`not a legal name: ${text}`)
  return value
}
