const letters = '0123456789abcdefghjkmnpqrstvwxyz'
const made = /^[0-9a-f]{2}\/[0-9a-hjkmnp-tv-z]{26}$/

/**
 * A key that was never used and never will be: two hexadecimal digits that spread keys over the store, the time,
 * and 80 random bits.
 */
export function freshKey(): string {
  const random = crypto.getRandomValues(new Uint8Array(17))
  const spread = (random[16] ?? 0).toString(16).padStart(2, '0')
  let time = Date.now()
  let name = ''
  for (let place = 0; place < 10; place += 1) {
    name = letters.charAt(time % 32) + name
    time = Math.floor(time / 32)
  }
  for (const byte of random.subarray(0, 16)) name += letters.charAt(byte % 32)
  return `${spread}/${name}`
}

/** Whether {@link freshKey} could have made the key. */
export function isKey(key: string): boolean {
  return made.test(key)
}
