import { longDuration, size } from './quantities.ts'
import { type Setting, switched } from './setting.ts'

/** How the bytes of a registry are looked at again. */
export interface VerifySettings {
  /** How long a pass over everything may take before the next begins, in milliseconds; null for no passes. */
  readonly verifyEvery: number | null
  /** The fastest it goes, in bytes a second; null for as fast as its time asks for, four times over. */
  readonly verifyRate: number | null
  /** Whether whole pulls of blobs are hashed on their way out. */
  readonly verifyReads: boolean
}

/** Their part of the table of settings. */
export const verifySettings: { readonly [K in keyof VerifySettings]: Setting<VerifySettings[K]> } =
  {
    verifyEvery: {
      schema: longDuration,
      default: null,
      value: 'TIME',
      help: 'how long one pass takes that reads and hashes everything again, such as 30d, spread evenly. Damaged bytes are put aside, and a push heals them. Never, if not set',
      alias: ['verify', 'scrub', 'scrub-every', 'fsck'],
    },
    verifyRate: {
      schema: size,
      default: null,
      value: 'SIZE',
      help: 'the most that such a pass reads in a second; four times what it needs, if not set',
      alias: ['scrub-rate'],
    },
    verifyReads: switched(
      false,
      'hash each whole blob as it is pulled, and cut the transfer before its last byte where it is wrong. Costs CPU time',
      ['verify-pulls'],
    ),
  }
