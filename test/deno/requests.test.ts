import { holdsToTheSameRequests, startWatched } from '../runtimes/parity.ts'

holdsToTheSameRequests(() => startWatched('deno'), {
  // Deno does not limit the length of chunk extensions.
  reads: ['an extension without end'],
})
