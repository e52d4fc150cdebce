export { StoreDamaged } from '../../src/kit.ts'
export { StoreInUse } from '../disk/lock.ts'
export { nodeHash } from '../disk/node-hash.ts'
export { type DiskRegistry, type DiskRegistryOptions, openRegistry } from '../disk/open-registry.ts'
export { type DiskStores, type DiskStoresOptions, openDiskStores } from '../disk/open-stores.ts'
export { StoreTooNew, UnfitFolder } from '../disk/store-folder.ts'
export {
  createListener,
  type Fetcher,
  type Listener,
  type ListenerOptions,
} from '../node-http/listener.ts'
export { type Certificate, defaultTimeouts, type ServeTimeouts } from '../serving/serve-options.ts'
export { type TransportOptions, webhookTransport } from '../webhooks/index.ts'
export { type ServeOptions, type Serving, serve } from './serve.ts'
