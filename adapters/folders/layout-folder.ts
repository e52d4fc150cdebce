import type { Digest } from '../../src/index.ts'
import {
  algorithmOf,
  ContentFault,
  encodedOf,
  type LayoutReader,
  mostIndexBytes,
  type SourceBlob,
} from '../../src/kit.ts'
import type { SafeFolder } from './safe-folder.ts'

/** A layout in a folder, or in a folder of it. */
export class LayoutFolder implements LayoutReader {
  readonly #folder: SafeFolder
  readonly #path: readonly string[]

  constructor(folder: SafeFolder, path: readonly string[] = []) {
    this.#folder = folder
    this.#path = path
  }

  async index(): Promise<Uint8Array> {
    const bytes = await this.#folder.read([...this.#path, 'index.json'], mostIndexBytes)
    if (bytes === null) throw new ContentFault('missing', 'it has no index.json')
    return bytes
  }

  async read(digest: Digest, most: number): Promise<Uint8Array> {
    const bytes = await this.#folder.read(this.#blob(digest), most)
    if (bytes === null) throw absent()
    return bytes
  }

  async open(digest: Digest): Promise<SourceBlob> {
    const blob = await this.#folder.stream(this.#blob(digest))
    if (blob === null) throw absent()
    return blob
  }

  #blob(digest: Digest): readonly string[] {
    return [...this.#path, 'blobs', algorithmOf(digest), encodedOf(digest)]
  }
}

function absent(): ContentFault {
  return new ContentFault('missing', 'its bytes are not in the folder')
}
