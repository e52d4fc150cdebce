import type { Sessions, SessionsOptions } from './sessions.ts'

/** The sessions of a page, whose code is loaded with the first request that asks for them. */
export type LateSessions = () => Promise<Sessions>

/** Sessions that are made once. No promise is kept, since on workerd no request may wait for another's. */
export function lateSessions(options: SessionsOptions): LateSessions {
  let made: Sessions | null = null
  return async () => {
    const { createSessions } = await import('./sessions.ts')
    made ??= createSessions(options)
    return made
  }
}
