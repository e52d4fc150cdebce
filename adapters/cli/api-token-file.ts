import { chown, mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { formatApiTokens, parseApiTokens } from '../../src/access/api-token-list.ts'
import {
  type ApiToken,
  ApiTokensError,
  apiTokenList,
  apiTokens,
  type Login,
} from '../../src/access/index.ts'
import { CliError, exitCodes } from './exit.ts'
import { FileRefused, readGuarded } from './guarded-file.ts'
import type { Log } from './log.ts'
import { watchFiles } from './watch-files.ts'
import { codeOf, replaceFile, withLock } from './whole-file.ts'

/** The API tokens of a server, for as long as it runs. */
export interface ApiTokenFile {
  readonly login: Login
  /** Reads the file again, without waiting until the change is noticed. */
  reload(): Promise<void>
  /** Stops watching the file. */
  close(): void
}

/** The file of API tokens in the folder of what the server itself keeps for access. */
export function apiTokenPath(accessDir: string): string {
  return join(accessDir, 'tokens.json')
}

/**
 * Opens the API tokens in a folder. They are read again when they change. A file that is not there has none; one
 * that cannot be used changes nothing while the server runs, and the log says so.
 *
 * @param everyMs as of `watchFiles`
 * @throws CliError where the file cannot be used at first.
 */
export async function openApiTokens(
  accessDir: string,
  { log, everyMs }: { readonly log: Log; readonly everyMs?: number },
): Promise<ApiTokenFile> {
  const path = apiTokenPath(accessDir)
  let text = await readText(path).catch((error: unknown) => {
    throw asCliError(path, error)
  })
  const list = listOf(path, text)

  async function reload(): Promise<void> {
    try {
      const next = await readText(path)
      if (next === text) return
      list.replace(next)
      text = next
      log.to.info({ file: path }, 'API tokens reloaded')
    } catch (error) {
      const problem = problemOf(error)
      log.to.error({ file: path, problem }, 'API tokens not reloaded: those from before go on')
    }
    log.flush()
  }

  const unwatch = watchFiles([path], () => void reload(), everyMs)
  return { login: apiTokens(list), reload, close: unwatch }
}

function listOf(path: string, text: string): ReturnType<typeof apiTokenList> {
  try {
    return apiTokenList(text)
  } catch (error) {
    throw asCliError(path, error)
  }
}

/** @throws CliError where the file cannot be read. */
export async function readApiTokens(accessDir: string): Promise<readonly ApiToken[]> {
  const path = apiTokenPath(accessDir)
  try {
    return parseApiTokens(await readText(path))
  } catch (error) {
    throw asCliError(path, error)
  }
}

/**
 * Changes the tokens in a folder, which is made where it is not there: whole or not at all.
 *
 * @throws CliError where that cannot be done; the file is as it was then.
 */
export async function editApiTokens(
  accessDir: string,
  edit: (tokens: readonly ApiToken[]) => readonly ApiToken[],
): Promise<void> {
  const path = apiTokenPath(accessDir)
  try {
    const owner = await makeFolder(accessDir)
    const done = await withLock(path, async () => {
      const after = edit(parseApiTokens(await readText(path)))
      await replaceFile(path, formatApiTokens(after), { owner })
      return true
    })
    if (done === true) return
  } catch (error) {
    throw asCliError(path, error)
  }
  throw new CliError(exitCodes.problem, [
    `${path}: another command changes it; if none does, remove ${path}.lock`,
  ])
}

/** Tokens of a file that is not there yet. */
const noTokens = formatApiTokens([])

async function readText(path: string): Promise<string> {
  try {
    return (await readGuarded(path, 0o027)).text
  } catch (error) {
    if (error instanceof FileRefused && error.isAbsent) return noTokens
    throw error
  }
}

/**
 * Makes the folder, for its owner alone. One that root makes belongs to whoever owns the folder around it, as the
 * server has to read it.
 *
 * @returns whose files in it are to be
 */
async function makeFolder(path: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const made = await mkdir(path, { recursive: true, mode: 0o700 })
  if (made !== undefined && process.getuid?.() === 0) {
    const { uid, gid } = await stat(dirname(made))
    await chown(made, uid, gid)
    if (made !== path) await chown(path, uid, gid)
  }
  const { uid, gid } = await stat(path)
  return { uid, gid }
}

/** @throws the error, where it is a fault of ours. */
function problemOf(error: unknown): string {
  if (error instanceof FileRefused || error instanceof ApiTokensError) return error.message
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'this user may not write its folder; name another with --access-dir'
    case 'EROFS':
      return 'the file system is read-only; name another folder with --access-dir'
    case 'ENOTDIR':
    case 'EEXIST':
      return 'its folder is a file; name another folder with --access-dir'
    case 'ENOSPC':
      return 'there is no space left; it is as it was'
    default:
      throw error
  }
}

function asCliError(path: string, error: unknown): CliError {
  if (error instanceof CliError) return error
  const advice =
    error instanceof ApiTokensError
      ? '; restore it from a backup, or remove it, which revokes all tokens'
      : ''
  return new CliError(exitCodes.problem, [`API tokens: ${path}: ${problemOf(error)}${advice}`])
}
