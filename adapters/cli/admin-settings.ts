import * as v from 'valibot'
import { type Setting, switched } from './setting.ts'

/** How commands such as `layerdock gc` reach a server at work. */
export interface AdminSettings {
  /** Whether the server has an admin endpoint. */
  readonly admin: boolean
  /** The file that says where the endpoint is; null for `admin.json` in the folder of the store. */
  readonly adminFile: string | null
}

/** Their part of the table of settings. */
export const adminSettings: { readonly [K in keyof AdminSettings]: Setting<AdminSettings[K]> } = {
  admin: switched(
    true,
    'have no admin endpoint: commands such as layerdock gc then need the server to be stopped',
    ['admin-endpoint'],
  ),
  adminFile: {
    schema: v.pipe(v.string('is not a text'), v.nonEmpty('is empty')),
    default: null,
    value: 'FILE',
    help: 'the file that tells commands of this machine how to reach the server, with a secret in it; admin.json in --storage-dir, if not set. A server without a folder of its own, or one that only reads, has an admin endpoint only with this',
    alias: ['admin-socket', 'admin-path'],
  },
}
