export type { DiskRegistry } from '../disk/open-registry.ts'
export {
  createListener,
  type Fetcher,
  type Listener,
  type ListenerOptions,
} from '../node-http/listener.ts'
export {
  defaultTimeouts,
  type ServeOptions,
  type ServeTimeouts,
  type Serving,
  serve,
} from '../node-http/serve.ts'
export { nodeHash } from './hash.ts'
export { type DiskRegistryOptions, openRegistry } from './open-registry.ts'
