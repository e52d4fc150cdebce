import type { Action } from '../ports/access.ts'
import type { Call } from './call.ts'
import { deleteBlob, getBlob } from './handlers/blobs.ts'
import { listRepositories, listTags } from './handlers/listings.ts'
import { deleteManifest, getManifest, putManifest } from './handlers/manifests.ts'
import { listReferrers } from './handlers/referrers.ts'
import {
  appendUpload,
  cancelUpload,
  finishUpload,
  startUpload,
  uploadStatus,
} from './handlers/uploads.ts'
import { checkVersion } from './handlers/version.ts'

/** Answers a request; what it throws becomes the error envelope. */
export type Handler = (call: Call) => Response | Promise<Response>

/** One operation of the specification. */
export interface Route {
  /** HEAD is served by GET's row; the handler branches on `call.head`. */
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the prefix. A name is matched greedily, so the last possible split counts. */
  readonly path: string
  /** What leave it takes. */
  readonly action: Action
  /** Whether the path names a repository. */
  readonly named: boolean
  readonly handle: Handler
}

const name = '/v2/:name{.+}'
const session: string = `${name}/blobs/uploads/:id`

/**
 * Every endpoint, in the order they are tried: uploads before blobs, whose pattern would take them
 * for a digest. The numbers are the specification's (distribution-spec, "Endpoints").
 */
export const routes: readonly Route[] = [
  /* end-1 */ { ...row('GET', '/v2', 'ping', checkVersion), named: false },
  /* — */ { ...row('GET', '/v2/_catalog', 'catalog', listRepositories), named: false },
  /* end-4, end-11 */ row('POST', `${name}/blobs/uploads`, 'push', startUpload),
  /* end-5 */ row('PATCH', session, 'push', appendUpload),
  /* end-6 */ row('PUT', session, 'push', finishUpload),
  /* end-13 */ row('GET', session, 'push', uploadStatus),
  /* end-14 */ row('DELETE', session, 'push', cancelUpload),
  /* end-2 */ row('GET', `${name}/blobs/:digest`, 'pull', getBlob),
  /* end-10 */ row('DELETE', `${name}/blobs/:digest`, 'delete', deleteBlob),
  /* end-3 */ row('GET', `${name}/manifests/:reference`, 'pull', getManifest),
  /* end-7 */ row('PUT', `${name}/manifests/:reference`, 'push', putManifest),
  /* end-9 */ row('DELETE', `${name}/manifests/:reference`, 'delete', deleteManifest),
  /* end-8 */ row('GET', `${name}/tags/list`, 'pull', listTags),
  /* end-12 */ row('GET', `${name}/referrers/:digest`, 'pull', listReferrers),
]

function row(method: Route['method'], path: string, action: Action, handle: Handler): Route {
  return { method, path, action, named: true, handle }
}

/** The methods that a path's rows answer, for `Allow`. */
export function allowedMethods(rows: readonly Route[]): string {
  const methods = rows.map((row) => (row.method === 'GET' ? 'GET, HEAD' : row.method))
  return methods.join(', ')
}
