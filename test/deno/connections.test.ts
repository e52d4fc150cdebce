import { holdsItsConnections } from '../runtimes/connections.ts'

// A download that nobody reads is looked at twice before it is cut, as on Node.
holdsItsConnections('deno', 9_000)
