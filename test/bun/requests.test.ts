import { holdsToTheSameRequests, startWatched } from '../runtimes/parity.ts'

holdsToTheSameRequests(() => startWatched('bun'), {
  // An absolute target without a host is no URL (RFC 9110, section 4.2.1); Bun takes its path,
  // the others refuse it.
  takesFor: { 'http:///v2/a/tags/list': '/v2/a/tags/list' },
})
