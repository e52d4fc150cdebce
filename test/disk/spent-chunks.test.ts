import { describe, expect, it } from 'vitest'
import { allowFreeing, freeChunk } from '../../adapters/disk/spent-chunks.ts'

describe('the memory of spent chunks', () => {
  // Node 20 cannot detach a buffer; Deno, which needs it, and later Nodes can.
  it.runIf('transfer' in ArrayBuffer.prototype)('is given back where that is allowed', () => {
    const chunk = new Uint8Array(10)
    allowFreeing(chunk)
    freeChunk(chunk)
    expect(chunk.byteLength).toBe(0)
  })

  it('stays where it was not given away', () => {
    const chunk = new Uint8Array(10)
    freeChunk(chunk)
    expect(chunk.byteLength).toBe(10)
  })

  it('stays where other chunks are in it', () => {
    const buffer = new ArrayBuffer(20)
    const chunk = new Uint8Array(buffer, 0, 10)
    allowFreeing(chunk)
    freeChunk(chunk)
    expect(chunk.byteLength).toBe(10)
  })
})
