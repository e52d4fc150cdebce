import { RegistryError } from '../../src/index.ts'
import { StoreDamaged } from '../../src/kit.ts'
import { CopyIncomplete } from '../disk/copied-folder.ts'
import { StoreInUse } from '../disk/lock.ts'
import { StoreTooNew, UnfitFolder } from '../disk/store-folder.ts'
import { formatListenAddress, type ListenAddress } from './listen-address.ts'

/**
 * Why a server could not listen, and what to do; null for errors that have no such answer.
 *
 * @param platform of this machine, as `process.platform` says it
 */
export function explainListening(
  error: unknown,
  address: ListenAddress,
  platform: string = process.platform,
): string | null {
  const where = formatListenAddress(address)
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return 'socketPath' in address
        ? `${where}: something listens there, or was killed there: if nothing does, delete the file`
        : `${where} is taken: ${takenBy(address.port, platform)}, or choose another port with --listen`
    case 'EADDRNOTAVAIL':
    case 'EINVAL': // Deno's word for it.
      return `${where}: no interface of this machine has that address. Choose another with --listen: 127.0.0.1:PORT for this machine, :PORT for every interface`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${where}: there is no such host. Choose another with --listen: 127.0.0.1:PORT for this machine, :PORT for every interface`
    case 'EACCES':
    case 'EPERM':
      return `${where}: this user may not listen there. Choose another with --listen, such as a port from 1024 on`
    case 'ENOENT':
    case 'ENOTDIR':
      return `${where}: the folder for the socket is not there`
    default:
      return null
  }
}

function takenBy(port: number, platform: string): string {
  const other = 'another program listens there. Stop it'
  if (platform !== 'darwin' || (port !== 5000 && port !== 7000)) return other
  return `on macOS that is AirPlay as a rule. Turn off "AirPlay Receiver" in System Settings, General, AirDrop & Handoff`
}

/** Why a store could not be opened, and what to do; null for errors that have no such answer. */
export function explainStorage(error: unknown, directory: string): string | null {
  if (error instanceof StoreInUse) {
    return `${error.message}. Stop it first, or choose another folder with --storage-dir; a folder has one writer at a time`
  }
  if (error instanceof StoreTooNew) {
    const which =
      error.needs === null ? 'a newer version' : `Layerdock ${error.needs} or a newer version`
    return `${error.message}. Run ${which}; nothing was changed. A backup that was made before can be restored for this one`
  }
  if (error instanceof UnfitFolder) {
    return `${error.message}. Choose a folder that is empty, or is not there yet, with --storage-dir`
  }
  if (error instanceof CopyIncomplete) {
    return `${error.message}. Copy it again once that server is stopped, or restore a backup: layerdock backup makes one while the server runs. To open what there is: npx layerdock recover --storage-dir ${directory}`
  }
  if (error instanceof StoreDamaged) {
    return `${error.message}. Put it back from a backup, or see what can be done: npx layerdock recover --storage-dir ${directory}`
  }
  const cause = error instanceof RegistryError ? (error.cause ?? error) : error
  const path = pathOf(cause) ?? directory
  switch (codeOf(cause)) {
    case 'EACCES':
    case 'EPERM':
      return `${path}: may not be written by this user${user()}. Give the folder to that user, or choose another with --storage-dir`
    case 'EROFS':
      return `${path}: is on a read-only file system. Choose another folder with --storage-dir, or serve what is there with --read-only`
    case 'ENOSPC':
    case 'EDQUOT':
      return `${path}: there is no room left. Free some, or choose another folder with --storage-dir`
    case 'ENOTDIR':
    case 'EEXIST':
      return `${path}: a file is where a folder is needed. Choose another with --storage-dir`
    case 'ENOENT':
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return `${path}: no folder can be made there. Choose another with --storage-dir`
    default:
      return null
  }
}

function codeOf(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' ? code : null
}

function pathOf(error: unknown): string | null {
  const path = error instanceof Error && 'path' in error ? error.path : null
  return typeof path === 'string' ? path : null
}

function user(): string {
  const id = process.getuid?.()
  return id === undefined ? '' : ` (uid ${id})`
}
