import { safeNotices } from '../core/callbacks.ts'
import { noteMissing } from '../core/missing-bytes.ts'
import { portableHash } from '../memory/portable-hash.ts'
import { callSafely } from '../oci/call-safely.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { steadyClock } from '../oci/steady-clock.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import { ByteRate } from './byte-rate.ts'
import type { CopyOptions } from './copy-stores.ts'
import { DigestSet } from './digest-set.ts'
import { inParallel, Slots } from './in-parallel.ts'
import { listsOf } from './lists.ts'
import { patience, timerPause } from './patience.ts'
import type { CopiedStores, CopyProblem } from './report.ts'
import { inspect, type Unreadable } from './transfer.ts'

/** Settings of {@link verifyStores}: as those of a copy. */
export interface VerifyOptions
  extends Pick<CopyOptions, 'concurrency' | 'bytesPerSecond' | 'hash' | 'signal' | 'pause'> {
  /** Told whenever bytes were read, always with the same object. */
  readonly onProgress?: (report: VerifyReport) => void
  readonly onProblem?: (problem: CopyProblem) => void
  readonly onNotice?: CopyOptions['onNotice']
}

/** What was verified. */
export interface VerifyReport {
  /** Blobs and manifests whose bytes were read, each digest once. */
  readonly digests: number
  /** Their size together, in bytes. */
  readonly bytes: number
  /** Those whose bytes are missing, damaged or unreadable. */
  readonly problems: number
}

/**
 * Reads all bytes that the names of stores stand for, each digest once, and hashes them. Those that are missing or
 * damaged are noted so that no client is told that they are there, and the next copy brings them anew.
 *
 * @throws as the stores do; the reason of the signal.
 */
export async function verifyStores(
  stores: CopiedStores,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const { concurrency = 16, signal, hash = portableHash, pause = timerPause(signal) } = options
  const { onProgress = () => {}, onProblem = () => {} } = options
  const { bytesPerSecond = Number.POSITIVE_INFINITY } = options
  const { blobs, metadata } = stores
  const onNotice = safeNotices(options.onNotice)
  const patiently = patience(pause, signal)
  const lists = listsOf(metadata, patiently)
  const seen = new DigestSet()
  const slots = new Slots(concurrency)
  const report = { digests: 0, bytes: 0, problems: 0 }
  const tell = (told: () => void): void => callSafely(told, () => {})
  const sent = (bytes: number): void => {
    report.bytes += bytes
    tell(() => onProgress(report))
  }
  const rate = new ByteRate(bytesPerSecond, steadyClock(), pause)
  const deps = { from: blobs, hash, rate, signal, sent }

  async function look(
    what: 'blob' | 'manifest',
    repository: RepositoryName,
    blob: BlobRef,
  ): Promise<void> {
    signal?.throwIfAborted()
    if (!seen.add(blob.digest)) return
    const found: Unreadable | null = await slots.run(() => patiently(() => inspect(deps, blob)))
    report.digests += 1
    if (found === null) return
    const now =
      what === 'blob'
        ? await patiently(() => metadata.findBlob(repository, blob.digest))
        : ((await patiently(() => metadata.findManifest(repository, blob.digest)))?.blob ?? null)
    // Moved or deleted while it was read.
    if (now?.key !== blob.key) return
    report.problems += 1
    tell(() => onProblem({ ...found, what, repository, name: blob.digest }))
    // What fails to be read now may be read another time.
    if (found.kind !== 'unreadable') await noteMissing({ blobs, metadata, onNotice }, blob)
  }

  await inParallel(lists.repositories(), concurrency, async (name) => {
    await inParallel(lists.blobs(name), concurrency, (blob) => look('blob', name, blob))
    await inParallel(lists.manifests(name), concurrency, ({ blob }) => look('manifest', name, blob))
  })
  return report
}
