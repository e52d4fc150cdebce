import type { CopiedStores, StagedBlob } from '../../src/kit.ts'

/** Does a call, or not; may throw before or after. */
export type Judge = (name: string, proceed: () => Promise<unknown>) => Promise<unknown>

/** Stores whose every call is judged, those of staged bytes included. */
export function judged({ blobs, metadata }: CopiedStores, judge: Judge): CopiedStores {
  const stage: CopiedStores['blobs']['stage'] = async (...given) => {
    const staged = (await judge('stage', () => blobs.stage(...given))) as StagedBlob
    return around(staged, judge)
  }
  const list: CopiedStores['blobs']['list'] = (after) => blobs.list(after)
  return {
    blobs: around(blobs, judge, { stage, list }),
    metadata: around(metadata, judge),
  }
}

function around<T extends object>(target: T, judge: Judge, own: Partial<T> = {}): T {
  return new Proxy(target, {
    get(_target, key) {
      if (key in own) return own[key as keyof T]
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      return (...given: unknown[]) => judge(String(key), async () => value.apply(target, given))
    },
  })
}
