import { type LoginLimit, limitLogins, limitRequests } from '../../src/access/index.ts'
import type { Access } from '../../src/index.ts'
import type { RequestLimitSettings } from './request-limit-settings.ts'

/**
 * The access with the limits on requests that the settings ask for; the same where they ask for none.
 *
 * @param access null where everyone may do everything
 */
export function withRequestLimits(
  access: Access | null,
  settings: RequestLimitSettings,
): Access | null {
  const { maxRequestsPerSecond, requestBurst, maxRequestsPerAddress } = settings
  if (maxRequestsPerSecond === null) return access
  return limitRequests(access, {
    perSecond: maxRequestsPerSecond,
    ...(requestBurst === null ? {} : { burst: requestBurst }),
    ...(maxRequestsPerAddress === null
      ? {}
      : { perAddress: { perSecond: maxRequestsPerAddress, burst: 10 * maxRequestsPerAddress } }),
  })
}

/** The limit on wrong passwords that the settings ask for. */
export function loginLimit({ maxFailedLogins }: RequestLimitSettings): LoginLimit {
  return limitLogins({ perMinute: maxFailedLogins })
}
