import { holdsItsConnections } from '../runtimes/connections.ts'

// Bun's clock ticks every four seconds, and waits three ticks for the first request.
holdsItsConnections('bun', 14_000)
