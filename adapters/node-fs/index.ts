export { nodeHash } from './hash.ts'
export { createListener, type Fetcher, type Listener, type ListenerOptions } from './listener.ts'
export { type DiskRegistry, type DiskRegistryOptions, openRegistry } from './open-registry.ts'
export {
  defaultTimeouts,
  type ServeOptions,
  type ServeTimeouts,
  type Serving,
  serve,
} from './serve.ts'
