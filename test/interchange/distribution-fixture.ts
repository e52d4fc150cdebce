import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { digestOfContent } from '../copy/content.ts'

/** A folder as distribution writes it, made by hand. */
export class DistributionFixture {
  readonly root: string

  constructor(folder: string) {
    this.root = join(folder, 'docker/registry/v2')
    mkdirSync(join(this.root, 'repositories'), { recursive: true })
    mkdirSync(join(this.root, 'blobs'), { recursive: true })
  }

  /** Where a file is. */
  path(...path: readonly string[]): string {
    return join(this.root, ...path)
  }

  write(content: string | Uint8Array, ...path: readonly string[]): void {
    const file = this.path(...path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }

  /** Where the bytes of a digest are. */
  data(digest: string): string {
    const [algorithm = '', hex = ''] = digest.split(':')
    return this.path('blobs', algorithm, hex.slice(0, 2), hex, 'data')
  }

  blob(
    content: string | Uint8Array,
    repository: string,
    digest: string = digestOfContent(content),
  ): string {
    const [algorithm = '', hex = ''] = digest.split(':')
    this.write(content, 'blobs', algorithm, hex.slice(0, 2), hex, 'data')
    this.write(digest, 'repositories', repository, '_layers', algorithm, hex, 'link')
    return digest
  }

  manifest(content: string, repository: string, ...tags: readonly string[]): string {
    const digest = digestOfContent(content)
    const [algorithm = '', hex = ''] = digest.split(':')
    this.write(content, 'blobs', algorithm, hex.slice(0, 2), hex, 'data')
    this.write(
      digest,
      'repositories',
      repository,
      '_manifests',
      'revisions',
      algorithm,
      hex,
      'link',
    )
    for (const tag of tags) this.tag(digest, repository, tag)
    return digest
  }

  tag(digest: string, repository: string, tag: string): void {
    this.write(digest, 'repositories', repository, '_manifests', 'tags', tag, 'current', 'link')
  }

  /** An image of one layer, with its tag. */
  image(layer: string, repository: string, ...tags: readonly string[]): string {
    const config = this.blob('{}', repository)
    const digest = this.blob(layer, repository)
    const mediaType = 'application/octet-stream'
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType, digest: config, size: 2 },
      layers: [{ mediaType, digest, size: layer.length }],
    })
    return this.manifest(text, repository, ...tags)
  }
}
