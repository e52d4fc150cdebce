import type { ErrorName } from '../../oci/error-codes.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Assets } from '../assets.ts'
import { respond } from '../respond.ts'
import { respondError } from '../respond-error.ts'
import type { Visit } from '../visit.ts'
import { loginInstead } from './show-login.ts'

/** What a login may change. */
const loginHelps: ReadonlySet<ErrorName> = new Set(['unauthorized', 'denied', 'nameUnknown'])

/**
 * Sends an error. Those who have not said yet who they are get the form to log in, whether what they ask for is not
 * there or not for them; everyone else is told that it is not there.
 */
export function respondRefusal(error: RegistryError, visit: Visit, assets: Assets): Response {
  const { viewer, form } = visit
  const isUnknown = viewer.principal === null && loginHelps.has(error.kind)
  if (isUnknown && viewer.canLogIn && form !== 'json') {
    return respond(loginInstead(visit), visit, assets)
  }
  if (isUnknown && (viewer.canLogIn || error.kind === 'unauthorized')) {
    const challenge = viewer.challenge()
    const headers = challenge === null ? {} : { 'WWW-Authenticate': challenge }
    const advice = viewer.rejected === null ? {} : { advice: viewer.rejected }
    return respondError(new RegistryError('unauthorized', { ...advice, headers }), visit, assets)
  }
  // A detail would tell one way to this answer from another.
  return respondError(isHidden(error) ? new RegistryError('nameUnknown') : error, visit, assets)
}

function isHidden({ kind }: RegistryError): boolean {
  return kind === 'nameUnknown'
}
