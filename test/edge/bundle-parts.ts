import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** A bundle of several files, with the size of each, compressed. */
export interface BundleParts {
  /** Bytes of all files. */
  readonly all: number
  /** Bytes of the files that a program loads once it has imported some modules; each by the end of its path. */
  loadedBy(...modules: readonly string[]): number
}

/** Bundles a module as for an edge runtime, with what is imported late in files of its own. */
export async function bundleParts(entry: string): Promise<BundleParts> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    outdir: 'parts',
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*'],
  })
  const outputs = Object.entries(metafile.outputs)
  const sizes = new Map(
    outputFiles.map(({ path, contents }) => [
      path.slice(path.lastIndexOf('/') + 1),
      gzipSync(contents, { level: 9 }).byteLength,
    ]),
  )
  const sizeOf = (path: string): number => sizes.get(path.slice(path.lastIndexOf('/') + 1)) ?? 0
  const loaded = (path: string, found: Set<string>): void => {
    if (found.has(path)) return
    found.add(path)
    for (const { path: imported, kind } of metafile.outputs[path]?.imports ?? []) {
      if (kind !== 'dynamic-import') loaded(imported, found)
    }
  }
  return {
    all: outputs.reduce((sum, [path]) => sum + sizeOf(path), 0),
    loadedBy(...modules) {
      const found: Set<string> = new Set()
      for (const module of modules) {
        const output = outputs.find(([, { entryPoint }]) => entryPoint?.endsWith(module))
        if (output === undefined) throw new Error(`${module} is in no file of its own`)
        loaded(output[0], found)
      }
      return [...found].reduce((sum, path) => sum + sizeOf(path), 0)
    },
  }
}
