/** Sends webhooks over `node:http` and `node:https`, on Node, Bun and Deno. */

export { type TransportOptions, webhookTransport } from './transport.ts'
