export { StoreDamaged } from '../../src/kit.ts'
export { StoreInUse } from '../disk/lock.ts'
export { nodeHash } from '../disk/node-hash.ts'
export { type DiskRegistry, type DiskRegistryOptions, openRegistry } from '../disk/open-registry.ts'
export { StoreTooNew, UnfitFolder } from '../disk/store-folder.ts'
export type { Fetcher } from '../serving/fetcher.ts'
export { type Certificate, defaultTimeouts, type ServeTimeouts } from '../serving/serve-options.ts'
export type { BunServer } from './bun.ts'
export {
  createHandler,
  type Handler,
  type HandlerOptions,
} from './handler.ts'
export { type ServeOptions, type Serving, serve } from './serve.ts'
