import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** What Cloudflare's runtime has to be, to run what {@link bundle} makes. The same as in wrangler.jsonc. */
export const compatibility = {
  compatibilityDate: '2026-04-01',
  compatibilityFlags: ['nodejs_compat'],
}

/**
 * The worker as one module, as wrangler would make it.
 * @param {string} [entry]
 * @returns {Promise<string>} JavaScript
 */
export async function bundle(entry = fileURLToPath(new URL('worker.ts', import.meta.url))) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*'],
  })
  return outputFiles[0]?.text ?? ''
}
