import { createHash, timingSafeEqual } from 'node:crypto'
import { CliError, exitCodes } from '../exit.ts'
import { FileRefused, readGuarded } from '../guarded-file.ts'

/** Says whether the headers of a request have the token. */
export type HasToken = (headers: Headers) => boolean

const leastCharacters = 16

/**
 * Reads the token of a file.
 *
 * @throws CliError where it cannot be used: never an open door.
 */
export async function readMetricsToken(path: string): Promise<HasToken> {
  const token = (await read(path)).trim()
  if (token.length < leastCharacters || /[^\x21-\x7e]/.test(token)) {
    throw new CliError(exitCodes.config, [
      `--metrics-token-file ${path}: holds no token: one line of ${leastCharacters} characters or more, as openssl rand -hex 32 makes it`,
    ])
  }
  const expected = digestOf(token)
  return (headers) => {
    const [, given] = /^Bearer +([\x21-\x7e]+)$/i.exec(headers.get('authorization') ?? '') ?? []
    return given !== undefined && timingSafeEqual(digestOf(given), expected)
  }
}

async function read(path: string): Promise<string> {
  try {
    return (await readGuarded(path, 0o002)).text
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error
    throw new CliError(exitCodes.config, [`--metrics-token-file ${path}: ${error.message}`])
  }
}

/** Of one length whatever was given, so that comparing tells nothing. */
function digestOf(token: string): Uint8Array {
  return createHash('sha256').update(token).digest()
}
