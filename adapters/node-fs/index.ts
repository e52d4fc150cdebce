export { nodeHash } from './hash.ts'
export { createListener, type Fetcher, type Listener, type ListenerOptions } from './listener.ts'
export {
  defaultTimeouts,
  type ServeOptions,
  type ServeTimeouts,
  type Serving,
  serve,
} from './serve.ts'
