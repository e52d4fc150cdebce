import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import * as v from 'valibot'
import { FileRefused, readGuarded } from '../guarded-file.ts'
import type { Settings } from '../settings.ts'
import { wantsDatabase } from '../store-settings.ts'

/** Where a server's admin endpoint is, and the secret that it asks for. */
export interface AdminAddress {
  readonly port: number
  /** 32 random bytes in hex. */
  readonly token: string
  /** The process that serves, for people. */
  readonly pid: number
}

const address: v.GenericSchema<unknown, AdminAddress> = v.object({
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
  token: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  pid: v.number(),
})

/** The file that says where the server of these settings listens; null where there is none. */
export function adminFileOf(settings: Settings): string | null {
  const { adminFile, memory, bucket, storageDir } = settings
  if (adminFile !== null) return resolve(adminFile)
  const hasFolder = !memory && !(wantsDatabase(settings) && bucket !== null)
  return hasFolder ? join(resolve(storageDir), 'admin.json') : null
}

/**
 * Reads where a server listens; null where there is no such file, or it holds nothing of use: a server that was
 * killed, or lost its power, may leave either.
 *
 * @throws FileRefused where other users may read or change the file, or this one may not; and where it is neither of
 *   this user nor of the folder's, since anybody may put a file into a folder such as /tmp.
 */
export async function readAdminFile(path: string): Promise<AdminAddress | null> {
  try {
    const { text, uid } = await readGuarded(path, 0o077)
    await expectOwner(path, uid)
    const parsed = v.safeParse(address, JSON.parse(text))
    return parsed.success ? parsed.output : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    if (error instanceof FileRefused && error.isAbsent) return null
    throw error
  }
}

async function expectOwner(path: string, uid: number): Promise<void> {
  if (process.platform === 'win32' || uid === process.getuid?.()) return
  if (uid !== (await stat(dirname(path))).uid) {
    throw new FileRefused(`belongs to another user (uid ${uid}), and so does what it leads to`)
  }
}

/** Whether two secrets are the same, in a time that says nothing of where they differ. */
export function isSameSecret(one: string, other: string): boolean {
  const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(hashOf(one), hashOf(other))
}

/** What shows a caller that the server knows the token, and is no other program on the same port. */
export function proofOf(token: string, nonce: string): string {
  return createHmac('sha256', token).update(`layerdock admin ${nonce}`).digest('hex')
}

/** The headers by which a caller asks for that proof, and gets it. */
export const nonceHeader = 'layerdock-nonce'
export const proofHeader = 'layerdock-proof'
