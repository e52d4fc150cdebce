import type { Policy } from '../policy.ts'
import { accessPolicy } from './access-policy.ts'

/**
 * A policy by which each caller with a name may do everything, and others nothing.
 *
 * @param options `anonymousPull`: whether others may pull, and list the repositories
 */
export function signedInMayAll(options: { readonly anonymousPull?: boolean } = {}): Policy {
  return accessPolicy({
    rules: [
      {
        name: 'everyone who logged in',
        who: '*',
        repositories: '**',
        allow: ['pull', 'push', 'delete', 'catalog', 'admin'],
      },
      ...(options.anonymousPull === true
        ? [
            {
              name: 'anonymous pull',
              who: 'anonymous',
              repositories: '**',
              allow: ['pull', 'catalog'],
            } as const,
          ]
        : []),
    ],
  })
}
