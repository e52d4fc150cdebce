import { count } from './quantities.ts'
import { counted, type Setting } from './setting.ts'

/** How many requests and wrong passwords are looked at. */
export interface RequestLimitSettings {
  /** As `perSecond` of `limitRequests`; null for no limit. */
  readonly maxRequestsPerSecond: number | null
  /** Null for ten seconds' worth. */
  readonly requestBurst: number | null
  /** Null for no such limit. */
  readonly maxRequestsPerAddress: number | null
  /** As `perMinute` of `limitLogins`. */
  readonly maxFailedLogins: number
}

/** Their part of the table of settings. */
export const requestLimitSettings: {
  readonly [K in keyof RequestLimitSettings]: Setting<RequestLimitSettings[K]>
} = {
  maxRequestsPerSecond: {
    schema: count(1),
    default: null,
    value: 'N',
    help: 'requests a second of one user, and of one address without a login; more are answered 429. No limit, if not set',
    alias: ['rate-limit', 'ratelimit', 'requests-per-second', 'max-requests', 'rps', 'throttle'],
  },
  requestBurst: {
    schema: count(1),
    default: null,
    value: 'N',
    help: 'how many of these may come at once; as many as in ten seconds, if not set',
    alias: ['burst', 'rate-limit-burst'],
  },
  maxRequestsPerAddress: {
    schema: count(1),
    default: null,
    value: 'N',
    help: 'requests a second of one address, for all its users together; no limit, if not set',
  },
  maxFailedLogins: counted(
    30,
    1,
    'wrong passwords a minute of one address and for one user; then logins are answered 429 for a while',
  ),
}
