import { parseDigest } from '../oci/digest.ts'
import { parseRepositoryName } from '../oci/repository-name.ts'
import { parseTag } from '../oci/tag.ts'
import type { RequestReport } from '../ports/observer.ts'
import type { PrincipalDetails } from './login.ts'

/** One line of an audit log: who did what to which repository, and what came of it. */
export interface AuditRecord {
  /** When the answer was complete, in ISO 8601. */
  readonly time: string
  readonly requestId: string
  /** The client's address; null where it is not known. */
  readonly client: string | null
  /** Null for an anonymous caller. */
  readonly principal: string | null
  /** How the caller was found out: `htpasswd`, `token`, the name of an issuer. */
  readonly login: string | null
  /** The API token that was used, by its name. */
  readonly token: string | null
  readonly action: AuditAction
  readonly repository: string | null
  /** The tag that was read, set or deleted; a push may set several. */
  readonly tags: readonly string[]
  readonly digest: string | null
  /** The repository that a blob was mounted from, or was to be: `status` is 202 where an upload was opened instead. */
  readonly from: string | null
  /** `failed`: it was allowed, and came to nothing. */
  readonly outcome: 'allowed' | 'refused' | 'failed'
  /** The rule that decided, where the access names one; `wrong credentials` or `no credentials`. */
  readonly rule: string | null
  readonly status: number | null
  /** The specification's code of an error answer. */
  readonly error: string | null
}

/** What a request was about. */
export type AuditAction =
  | 'login'
  | 'catalog'
  | 'list'
  | 'pull'
  | 'push'
  | 'upload'
  | 'delete'
  | 'restore'

/** The rule of a report whose credentials were refused. */
export const wrongCredentials = 'wrong credentials'

/**
 * The rule in a record of a request that had no credentials and needs some: somebody who tries, or the first step
 * of a client that logs in only when it is asked to.
 */
const noCredentials = 'no credentials'

/**
 * The audit record of a request; null where there is nothing to record: version checks, health pages, HEAD
 * requests and chunks of uploads, unless they were refused. A version check without credentials is none either: most
 * clients begin with one.
 *
 * @param now when the answer was complete, in milliseconds since the epoch
 */
export function auditRecord(report: RequestReport, now: number): AuditRecord | null {
  const action = actionOf(report)
  const outcome = outcomeOf(report)
  if (action === null) return null
  if (outcome !== 'refused' && isUneventful(report, action)) return null
  const { principal, peer, requestId, repository, status } = report
  const details = (principal?.details ?? {}) as Partial<PrincipalDetails>
  return {
    time: new Date(now).toISOString(),
    requestId,
    client: peer.address ?? null,
    principal: principal?.id.slice(0, mostCharacters) ?? null,
    login: details.login ?? null,
    token: typeof details.token === 'string' ? details.token : null,
    action,
    repository,
    tags: tagsOf(report),
    digest: digestOf(report),
    from: fromOf(report),
    outcome,
    rule: ruleOf(report),
    status,
    error: report.errorCode,
  }
}

function ruleOf({ status, principal, rule }: RequestReport): string | null {
  return status === 401 && principal === null && rule !== wrongCredentials ? noCredentials : rule
}

function outcomeOf({ status }: RequestReport): AuditRecord['outcome'] {
  if (status === 401 || status === 403 || status === 429) return 'refused'
  return status !== null && status < 400 ? 'allowed' : 'failed'
}

/** Looking whether something is there, and the steps of an upload but the last. A mount is asked for once. */
function isUneventful(report: RequestReport, action: AuditAction): boolean {
  if (report.method === 'HEAD') return true
  return action === 'upload' && report.status !== 201 && mountOf(report) === null
}

function actionOf({ route, method, rule }: RequestReport): AuditAction | null {
  if (route === null) return null
  if (route.startsWith(page)) return pageActionOf(route.slice(page.length), method)
  // Clients that send passwords try them there.
  if (route === '/v2') return rule === wrongCredentials ? 'login' : null
  if (route === '/v2/_layerdock/token') return 'login'
  if (route === '/v2/_catalog') return 'catalog'
  if (!route.includes('<name>')) return null
  if (route.includes('/uploads')) return 'upload'
  if (method === 'DELETE') return 'delete'
  if (method === 'PUT') return 'push'
  return route.endsWith('/tags/list') || route.includes('/referrers/') ? 'list' : 'pull'
}

/** What the routes of the web page begin with. */
const page = '/_layerdock/'

/** A view of a repository, or of something in it, is a list. A form that asks first changes nothing. */
function pageActionOf(route: string, method: string): AuditAction | null {
  if (method === 'POST') {
    if (route === 'login' || route === 'restore') return route
    return route.startsWith('delete/') ? 'delete' : null
  }
  if (route === '') return 'catalog'
  return /^(?:repositories|compare)\//.test(route) || route === 'trash' ? 'list' : null
}

function tagsOf(report: RequestReport): readonly string[] {
  const { reference, method, route } = report
  const named = reference?.kind === 'tag' ? [reference.tag] : []
  if (route?.startsWith(`${page}delete/`) === true) {
    const several = queryOf(report).getAll('reference').slice(0, mostTags)
    return [...named, ...several.filter((text) => parseTag(text) !== null)]
  }
  if (method !== 'PUT' || route?.includes('/manifests/') !== true) return named
  const asked = queryOf(report).getAll('tag').slice(0, mostTags)
  return [...named, ...asked.filter((tag) => parseTag(tag) !== null)].slice(0, mostTags)
}

/** Named in one record. */
const mostTags = 100
/** Of the name of a principal. */
const mostCharacters = 256

function digestOf(report: RequestReport): string | null {
  const { digest, reference, route } = report
  if (digest !== null) return digest
  if (reference?.kind === 'digest') return reference.digest
  if (route?.startsWith(`${page}delete/`) === true) {
    const [first, ...others] = queryOf(report).getAll('reference')
    return others.length === 0 ? parseDigest(first ?? '') : null
  }
  return isUpload(report)
    ? (parseDigest(queryOf(report).get('digest') ?? '') ?? mountOf(report))
    : null
}

/** The digest that a request asks to mount. */
function mountOf(report: RequestReport): string | null {
  if (!isUpload(report) || report.method !== 'POST') return null
  return parseDigest(queryOf(report).get('mount') ?? '')
}

function fromOf(report: RequestReport): string | null {
  if (!isUpload(report) || report.method !== 'POST') return null
  return parseRepositoryName(queryOf(report).get('from') ?? '')
}

function isUpload({ route }: RequestReport): boolean {
  return route?.includes('/uploads') === true
}

function queryOf({ target }: RequestReport): URLSearchParams {
  const query = target.indexOf('?')
  return new URLSearchParams(query === -1 ? '' : target.slice(query))
}
