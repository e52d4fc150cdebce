export interface Answer {
  readonly status: number
  readonly head: string
  readonly bytes: number
}

export declare class ResponseReader {
  constructor(onResponse: (response: Answer) => void)
  expect(options?: {
    readonly bodyless?: boolean
    readonly onBody?: ((bytes: Buffer) => void) | null
  }): void
  read(bytes: Buffer): void
}

export declare function headerOf(head: string, name: string): string | null

export declare class Connection {
  constructor(port: number, bufferBytes?: number)
  exchange(
    head: Buffer,
    options?: {
      readonly pieces?: Iterable<Buffer> | null
      readonly bodyless?: boolean
      readonly onBody?: ((bytes: Buffer) => void) | null
    },
  ): Promise<Answer>
  close(): void
  pause(): void
  resume(): void
}
