import type { ArchiveSink } from '../folders/layout-archive-writer.ts'
import { fileHeaders, paddedTo } from '../folders/tar-header.ts'

/** Files of an archive, one after the other. */
export class Archive {
  readonly #sink: ArchiveSink
  #turn: Promise<unknown> = Promise.resolve()

  constructor(sink: ArchiveSink) {
    this.#sink = sink
  }

  file(name: string, bytes: Uint8Array): Promise<void> {
    return this.inTurn(async () => {
      await this.begin(name, bytes.byteLength)
      await this.write(bytes)
      await this.pad(bytes.byteLength)
    })
  }

  folder(name: string): Promise<void> {
    return this.inTurn(() => this.begin(name, 0, '5'))
  }

  end(): Promise<void> {
    return this.inTurn(async () => {
      await this.write(new Uint8Array(1024))
      await this.#sink.finish()
    })
  }

  /** Has the archive to itself while it works. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const own = this.#turn.then(work)
    this.#turn = own.catch(() => {})
    return own
  }

  async begin(name: string, size: number, type: '0' | '5' = '0'): Promise<void> {
    for (const header of fileHeaders(name, size, type)) await this.write(header)
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#sink.write(bytes)
  }

  pad(size: number): Promise<void> {
    return this.write(new Uint8Array(paddedTo(size) - size))
  }
}
