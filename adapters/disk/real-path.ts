import fs from 'node:fs'
import { resolve } from 'node:path'

/** The folder may be reached through a symbolic link; nothing in it may be one. */
export function realPath(directory: string): string {
  try {
    return fs.realpathSync(directory)
  } catch {
    return resolve(directory)
  }
}
