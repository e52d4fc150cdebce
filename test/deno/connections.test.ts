import { holdsItsConnections } from '../runtimes/connections.ts'

// As on Node, a download that is not read is checked twice before it is cut.
holdsItsConnections('deno', 9_000)
