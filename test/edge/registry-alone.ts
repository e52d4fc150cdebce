// What a worker with a registry and no web page is made of.
export { assembleRegistry } from 'layerdock/kit'
export { nativeHash } from '../../examples/cloudflare/hash.ts'
export { Names } from '../../examples/cloudflare/names.ts'
export { r2Blobs } from '../../examples/cloudflare/r2-blobs.ts'
export { sweep } from '../../examples/cloudflare/r2-sweep.ts'
export { remote } from '../../examples/cloudflare/remote.ts'
