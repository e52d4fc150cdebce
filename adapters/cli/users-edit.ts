import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseHtpasswd, parseHtpasswdLine } from '../../src/access/htpasswd-file.ts'
import { HtpasswdError } from '../../src/access/index.ts'
import { CliError, exitCodes } from './exit.ts'
import { FileRefused, readGuarded } from './guarded-file.ts'
import { codeOf, replaceFile, withLock } from './whole-file.ts'

/** The lines of an htpasswd file, as a person wrote them. */
export class UserLines {
  readonly #lines: string[]
  readonly #end: string

  constructor(text: string) {
    this.#end = text.includes('\r\n') ? '\r\n' : '\n'
    this.#lines = text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)
  }

  /** In the order of the file; a name that stands twice, once. */
  get names(): readonly string[] {
    const names = this.#lines.flatMap((line) => parseHtpasswdLine(line)?.user ?? [])
    return [...new Set(names)]
  }

  has(name: string): boolean {
    return this.#lines.some(isOf(name))
  }

  /** Gives a user a hash, in the user's line or a new one at the end. */
  set(name: string, hash: string): void {
    const first = this.#lines.findIndex(isOf(name))
    const line = `${name}:${hash}`
    if (first === -1) this.#lines.push(line)
    else {
      const others = this.#lines.filter((other, index) => index <= first || !isOf(name)(other))
      others[first] = line
      this.#lines.splice(0, this.#lines.length, ...others)
    }
  }

  remove(name: string): void {
    const others = this.#lines.filter((line) => !isOf(name)(line))
    this.#lines.splice(0, this.#lines.length, ...others)
  }

  toString(): string {
    return this.#lines.map((line) => `${line}${this.#end}`).join('')
  }
}

function isOf(name: string): (line: string) => boolean {
  return (line) => {
    const entry = parseHtpasswdLine(line)
    return entry !== null && entry.hash !== null && entry.user === name
  }
}

/**
 * Reads an htpasswd file that may have mistakes, which a command can mend.
 *
 * @throws CliError where it cannot be read.
 */
export async function readUsers(path: string): Promise<UserLines> {
  try {
    return new UserLines((await readGuarded(path, 0o002)).text)
  } catch (error) {
    if (error instanceof FileRefused) throw problem(`${path}: ${error.message}`)
    throw error
  }
}

/** What a server would say of these lines. */
export function problemsOf(lines: UserLines): readonly string[] {
  try {
    return parseHtpasswd(lines.toString()).warnings
  } catch (error) {
    if (error instanceof HtpasswdError) return error.problems
    throw error
  }
}

/**
 * Changes an htpasswd file: whole or not at all, with the owner and permissions that it has. A new one is for its
 * owner alone.
 *
 * @throws CliError where that cannot be done; the file is as it was then.
 */
export async function editUsers(
  path: string,
  edit: (lines: UserLines) => void,
  options: { readonly create: boolean },
): Promise<UserLines> {
  try {
    // Replaces the file, not a link to it.
    const target = await realpath(path).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT' && options.create) return path
      throw error
    })
    const done = await withLock(target, async () => {
      const before = await signatureOf(target)
      const lines = before === null && options.create ? new UserLines('') : await readUsers(target)
      edit(lines)
      const kept = before === null ? {} : { mode: before.mode & 0o777, owner: before }
      if ((await signatureOf(target))?.text !== before?.text) {
        throw problem(`${path}: another program changed it meanwhile; try again`)
      }
      await replaceFile(target, lines.toString(), kept)
      return lines
    })
    if (done !== null) return done
  } catch (error) {
    throw explained(path, error)
  }
  throw problem(`${path}: another command changes it; if none does, remove ${path}.lock`)
}

async function signatureOf(path: string): Promise<{
  readonly text: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
} | null> {
  try {
    const { ino, size, mtimeMs, mode, uid, gid } = await stat(path)
    return { text: `${ino} ${size} ${mtimeMs}`, mode, uid, gid }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

function explained(path: string, error: unknown): unknown {
  switch (codeOf(error)) {
    case 'ENOENT':
      return problem(`${path}: there is no such file or folder`)
    case 'ENOTDIR':
      return problem(`${path}: its folder is a file`)
    case 'EACCES':
    case 'EPERM':
      return problem(`${path}: to replace it, this user has to be able to write ${dirname(path)}`)
    case 'EROFS':
      return problem(`${path}: the file system is read-only`)
    case 'ENOSPC':
      return problem(`${path}: there is no space left; it is as it was`)
    default:
      return error
  }
}

function problem(message: string): CliError {
  return new CliError(exitCodes.problem, [message])
}
