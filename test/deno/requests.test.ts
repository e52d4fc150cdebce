import { holdsToTheSameRequests, startWatched } from '../runtimes/parity.ts'

holdsToTheSameRequests(() => startWatched('deno'), {
  // Extensions of chunks have no length that would be too long.
  reads: ['an extension without end'],
})
