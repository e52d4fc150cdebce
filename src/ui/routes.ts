import { parseDigest } from '../oci/digest.ts'
import { classifyReference, type Reference } from '../oci/reference.ts'
import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts'
import { showHome } from './catalog/show-home.ts'
import type { Answer, Visit } from './visit.ts'

/** What a path of the page names. */
export interface Target {
  readonly repository: RepositoryName | null
  readonly reference: Reference | null
}

/** One kind of path. HEAD is served by GET's row. */
export interface UiRoute {
  readonly method: 'GET' | 'POST'
  /** The path as reports have it. */
  readonly label: string
  /** What a path below `/_layerdock/` names; null where the row does not match. */
  readonly match: (path: string) => Target | null
  readonly answer: (visit: Visit, target: Target) => Answer | Promise<Answer>
}

/** Answers a request for a repository. */
type InRepository = (visit: Visit, repository: RepositoryName) => Answer | Promise<Answer>
/** Answers a request for a tag or a digest. */
type ForArtifact = (
  visit: Visit,
  repository: RepositoryName,
  reference: Reference,
) => Answer | Promise<Answer>

const repository = () => import('./repository/show-repository.ts')
const artifact = () => import('./artifact/show-artifact.ts')
const comparison = () => import('./compare/show-comparison.ts')
const deletion = () => import('./deletion/show-deletion.ts')
const trash = () => import('./deletion/show-trash.ts')
const login = () => import('./session/show-login.ts')
const events = () => import('./live/open-events.ts')

/** Every path of the page, below `/_layerdock/`. */
export const uiRoutes: readonly UiRoute[] = [
  fixed('GET', '', showHome),
  inRepository('GET', 'repositories/', async (...of) => (await repository()).showRepository(...of)),
  ofArtifact('GET', 'repositories/', async (...of) => (await artifact()).showArtifact(...of)),
  inRepository('GET', 'compare/', async (...of) => (await comparison()).showComparison(...of)),
  inRepository('GET', 'delete/', async (...of) => (await deletion()).showDeletion(...of, null)),
  ofArtifact('GET', 'delete/', async (...of) => (await deletion()).showDeletion(...of)),
  inRepository('POST', 'delete/', async (...of) =>
    (await deletion()).carryOutDeletion(...of, null),
  ),
  ofArtifact('POST', 'delete/', async (...of) => (await deletion()).carryOutDeletion(...of)),
  fixed('GET', 'trash', async (visit) => (await trash()).showTrash(visit)),
  fixed('POST', 'restore', async (visit) => (await trash()).carryOutRestoration(visit)),
  fixed('GET', 'login', async (visit) => (await login()).showLogin(visit)),
  fixed('POST', 'login', async (visit) => (await login()).logIn(visit)),
  fixed('POST', 'logout', async (visit) => (await login()).logOut(visit)),
  fixed('GET', 'events', async (visit) => (await events()).openEvents(visit)),
]

/** A path that names nothing. */
function fixed(
  method: UiRoute['method'],
  path: string,
  answer: (visit: Visit) => Answer | Promise<Answer>,
): UiRoute {
  return {
    method,
    label: `/_layerdock/${path}`,
    match: (given) => (given === path ? { repository: null, reference: null } : null),
    answer,
  }
}

function inRepository(method: UiRoute['method'], start: string, answer: InRepository): UiRoute {
  return {
    method,
    label: `/_layerdock/${start}<name>`,
    match(path) {
      const repository = path.startsWith(start)
        ? parseRepositoryName(path.slice(start.length))
        : null
      return repository === null ? null : { repository, reference: null }
    },
    answer: (visit, { repository }) => answer(visit, repository as RepositoryName),
  }
}

function ofArtifact(method: UiRoute['method'], start: string, answer: ForArtifact): UiRoute {
  return {
    method,
    label: `/_layerdock/${start}<name><reference>`,
    match: (path) => (path.startsWith(start) ? parseArtifact(path.slice(start.length)) : null),
    answer: (visit, { repository, reference }) =>
      answer(visit, repository as RepositoryName, reference as Reference),
  }
}

/** `team/app:latest` or `team/app@sha256:…`: a name has neither character. */
export function parseArtifact(
  text: string,
): { readonly repository: RepositoryName; readonly reference: Reference } | null {
  const at = text.search(/[:@]/)
  const repository = at === -1 ? null : parseRepositoryName(text.slice(0, at))
  if (repository === null) return null
  const rest = text.slice(at + 1)
  if (text[at] === '@') {
    const digest = parseDigest(rest)
    return digest === null ? null : { repository, reference: { kind: 'digest', digest } }
  }
  const reference = classifyReference(rest)
  return reference.kind === 'tag' ? { repository, reference } : null
}
