export { nodeHash } from '../disk/node-hash.ts'
export { type DiskRegistry, type DiskRegistryOptions, openRegistry } from '../disk/open-registry.ts'
export {
  createListener,
  type Fetcher,
  type Listener,
  type ListenerOptions,
} from '../node-http/listener.ts'
export { type ServeOptions, type Serving, serve } from '../node-http/serve.ts'
export { type Certificate, defaultTimeouts, type ServeTimeouts } from '../serving/serve-options.ts'
