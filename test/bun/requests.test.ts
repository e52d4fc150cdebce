import { holdsToTheSameRequests, startWatched } from '../runtimes/parity.ts'

holdsToTheSameRequests(() => startWatched('bun'), {
  // An absolute target without a host is not a URL (RFC 9110, section 4.2.1). Bun uses its path,
  // the other runtimes refuse it.
  takesFor: { 'http:///v2/a/tags/list': '/v2/a/tags/list' },
})
