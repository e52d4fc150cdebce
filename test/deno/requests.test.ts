import { holdsToTheSameRequests } from '../runtimes/parity.ts'

holdsToTheSameRequests('deno', {
  // Extensions of chunks have no length that would be too long.
  reads: ['an extension without end'],
})
