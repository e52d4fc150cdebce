import { parseDigest } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import { type RepositoryName, repositoryName } from '../oci/repository-name.ts'
import type { Action, Ask } from '../ports/access.ts'
import type { Wanted } from './authorize.ts'
import type { Call } from './call.ts'
import { deleteBlob, getBlob } from './handlers/blobs.ts'
import { listRepositories } from './handlers/catalog.ts'
import { asksOfPush, deleteManifest, getManifest, putManifest } from './handlers/manifests.ts'
import { listReferrers } from './handlers/referrers.ts'
import { deleteRepository } from './handlers/repositories.ts'
import { listTags } from './handlers/tags.ts'
import { issueToken } from './handlers/token.ts'
import {
  appendUpload,
  asksOfStart,
  cancelUpload,
  finishUpload,
  startUpload,
  uploadStatus,
} from './handlers/uploads.ts'
import { checkVersion } from './handlers/version.ts'
import {
  blobDigest,
  referenceToRead,
  referenceToWrite,
  subjectDigest,
  uploadId,
} from './path-values.ts'

type Answer = Response | Promise<Response>

/** One endpoint of the specification. */
export interface Route {
  /** HEAD is served by GET's row; the handler branches on `call.head`. */
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'
  /** Below the prefix. A name is matched greedily, so the last possible split counts. */
  readonly path: string
  /** The path as reports have it: `/v2/<name>/blobs/<digest>`. */
  readonly label: string
  /** The permission it takes; `token` takes none, since it finds out by itself who calls. */
  readonly action: Action | 'token'
  /**
   * Parses the path, once, for authorization and for the handler alike.
   *
   * @param name the first parameter of the path, percent-decoded; empty where it has none
   * @param last the same of the second
   * @throws RegistryError `nameInvalid`: without a name there is nothing to ask permission for.
   */
  readonly parse: (name: string, last: string) => Operation
}

/** A route's handler together with the values of one path. */
export interface Operation {
  /** Null where the path names no repository. */
  readonly repository: RepositoryName | null
  /** The tag or digest that the path names; null where it names none, or one that cannot be. */
  readonly reference: Reference | null
  /** What a request for it asks permission for; null for the token endpoint. */
  readonly wanted: (call: Call) => Wanted | null
  /**
   * Answers the request. What it throws becomes the error envelope, including what is wrong with
   * the path behind the name, which only a caller with permission learns.
   */
  readonly handle: (call: Call) => Answer
}

/** The rows that a path matches, and its parameters, percent-decoded; empty where it has none. */
export interface MatchedPath {
  readonly rows: readonly Route[]
  readonly name: string
  /** The last segment. */
  readonly last: string
  /** Whether it has nothing in it that `checkRequest` might refuse. */
  readonly isPlain: boolean
}

const name = '/v2/:name{.+}'
/** No repository can have this name: its first character is an underscore. */
const repository = '/v2/_layerdock/repositories/:name{.+}'
const token = '/v2/_layerdock/token'
const session: string = `${name}/blobs/uploads/:id`
const blob: string = `${name}/blobs/:digest`
const manifest: string = `${name}/manifests/:reference`

/**
 * Every endpoint, in the order they are tried: uploads before blobs, whose pattern would take them
 * for a digest. The numbers are the specification's (distribution-spec, "Endpoints").
 */
export const routes: readonly Route[] = [
  /* end-1 */ global('GET', '/v2', 'ping', checkVersion),
  /* HAProxy's health check */ global('OPTIONS', '/v2', 'ping', checkVersion),
  /* Docker's */ global('GET', '/v2/_catalog', 'catalog', listRepositories),
  /* ours */ inRepository('DELETE', repository, 'delete', deleteRepository),
  /* ours */ global('GET', token, 'token', issueToken),
  /* ours */ global('POST', token, 'token', issueToken),
  /* end-4, end-11 */ inRepository(
    'POST',
    `${name}/blobs/uploads`,
    'push',
    startUpload,
    asksOfStart,
  ),
  /* end-5 */ below('PATCH', session, 'push', uploadId, appendUpload),
  /* end-6 */ below('PUT', session, 'push', uploadId, finishUpload),
  /* end-13 */ below('GET', session, 'push', uploadId, uploadStatus),
  /* end-14 */ below('DELETE', session, 'push', uploadId, cancelUpload),
  /* end-2 */ below('GET', blob, 'pull', blobDigest, getBlob),
  /* end-10 */ below('DELETE', blob, 'delete', blobDigest, deleteBlob),
  /* end-3 */ below('GET', manifest, 'pull', referenceToRead, getManifest),
  /* end-7 */ below('PUT', manifest, 'push', referenceToWrite, putManifest, asksOfPush),
  /* end-9 */ below('DELETE', manifest, 'delete', referenceToRead, deleteManifest),
  /* end-8 */ inRepository('GET', `${name}/tags/list`, 'pull', listTags),
  /* end-12 */ below('GET', `${name}/referrers/:digest`, 'pull', subjectDigest, listReferrers),
]

/** What a request asks for beside the ask of its row. */
type MoreAsks<T> = (call: Call, repository: RepositoryName, value: T) => Wanted

/** A row whose path names nothing. */
function global(
  method: Route['method'],
  path: string,
  action: Route['action'],
  handle: (call: Call) => Answer,
): Route {
  const asks = action === 'token' ? null : only({ action, repository: null, reference: null })
  const operation: Operation = { repository: null, reference: null, wanted: () => asks, handle }
  return { method, path, label: labelOf(path), action, parse: () => operation }
}

/** A row whose path names a repository. */
function inRepository(
  method: Route['method'],
  path: string,
  action: Action,
  handle: (call: Call, repository: RepositoryName) => Answer,
  asksOf?: (call: Call, repository: RepositoryName) => Wanted,
): Route {
  return below(method, path, action, () => null, handle, asksOf)
}

/** A row whose path names a repository and, with its last segment, something in it. */
function below<T extends string | Reference | null>(
  method: Route['method'],
  path: string,
  action: Action,
  parseLast: (text: string) => T,
  handle: (call: Call, repository: RepositoryName, value: T) => Answer,
  asksOf?: MoreAsks<T>,
): Route {
  return {
    method,
    path,
    label: labelOf(path),
    action,
    parse(name, last) {
      const repository = repositoryName(name)
      let value: T
      try {
        value = parseLast(last)
      } catch (error) {
        const refuse = (): never => {
          throw error
        }
        const asks = only({ action, repository, reference: null })
        return { repository, reference: null, wanted: () => asks, handle: refuse }
      }
      const reference = referenceOf(value)
      return {
        repository,
        reference,
        wanted: (call) =>
          asksOf?.(call, repository, value) ?? only({ action, repository, reference }),
        handle: (call) => handle(call, repository, value),
      }
    },
  }
}

function labelOf(path: string): string {
  return path.replace(/:([a-z]+)(?:\{[^}]*\})?/g, '<$1>')
}

function only(ask: Ask): Wanted {
  return { required: [ask], optional: [] }
}

function referenceOf(value: string | Reference | null): Reference | null {
  if (typeof value !== 'string') return value
  const digest = parseDigest(value)
  return digest === null ? null : { kind: 'digest', digest }
}

/** The rows of a path. @param path below the name of a repository */
export function rowsOf(path: string): readonly Route[] {
  return routes.filter((route) => route.path === `${name}/${path}`)
}

/** The methods that a path's rows answer, for `Allow`. */
export function allowedMethods(rows: readonly Route[]): string {
  const methods = rows.map((row) => (row.method === 'GET' ? 'GET, HEAD' : row.method))
  return methods.join(', ')
}
