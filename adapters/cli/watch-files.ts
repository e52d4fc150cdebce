import { stat } from 'node:fs/promises'

/** How often the files are looked at. A change is noticed at the second look that sees it. */
const lookMs = 1_000

/**
 * Calls `changed` once files that were written or replaced have been left alone from one look to the
 * next, because certificate and key are renewed one after the other. Also calls it after the first
 * looks, since the files may have changed before them. Follows symbolic links: certbot and
 * Kubernetes renew by changing links.
 *
 * @param everyMs milliseconds between two looks. Default: 1 s
 * @returns ends the watch
 */
export function watchFiles(
  paths: readonly string[],
  changed: () => void,
  everyMs: number = lookMs,
): () => void {
  let told: string | null = null
  let last: string | null = null
  let looking = false

  const look = async (): Promise<void> => {
    const found = (await Promise.all(paths.map(signatureOf))).join(' ')
    if (found === last && found !== told) {
      told = found
      changed()
    }
    last = found
  }
  const timer = setInterval(() => {
    if (looking) return
    looking = true
    void look().finally(() => {
      looking = false
    })
  }, everyMs)
  return () => clearInterval(timer)
}

/** Differs after each change of a file; never rejects. */
async function signatureOf(path: string): Promise<string> {
  try {
    // The time of the last change of the entry also tells new permissions, and a copy with an old time.
    const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path)
    return `${dev}:${ino}:${size}:${mtimeMs}:${ctimeMs}`
  } catch (error) {
    return String((error as { readonly code?: unknown }).code)
  }
}
