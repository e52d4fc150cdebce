/** Encrypts bytes that a client keeps for the registry, so that it can neither read nor change them. */
export interface SecretSeal {
  seal(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>
  /** @throws DOMException, RangeError for bytes that were not sealed with this secret and for this purpose. */
  open(sealed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>
}

const ivBytes = 12
const secretBytes = 32

/**
 * The secret of this process, where none is given. Made when it is first needed: not every runtime has
 * random bytes before its first request.
 */
let ownSecret: Uint8Array<ArrayBuffer> | null = null

/**
 * Makes a seal with AES-GCM.
 *
 * @param option what the secret is called in the options, for the error
 * @param given 32 random bytes; by default bytes of this process, so that no other process opens what it seals
 * @param purpose what is sealed: no other text under the same secret opens as this
 * @throws TypeError when the secret is of another length.
 */
export function secretSeal(
  option: string,
  given: Uint8Array | undefined,
  purpose: string,
): SecretSeal {
  if (given !== undefined && given.byteLength !== secretBytes) {
    throw new TypeError(`${option} is ${given.byteLength} bytes, not ${secretBytes}`)
  }
  const shared = given === undefined ? null : new Uint8Array(given)
  const additionalData = new TextEncoder().encode(purpose)
  // Made for each request until one has it: on workerd, no request may wait for another's promise.
  let key: CryptoKey | null = null

  async function keyOf(): Promise<CryptoKey> {
    ownSecret ??= crypto.getRandomValues(new Uint8Array(secretBytes))
    const usages = ['encrypt', 'decrypt'] as const
    key ??= await crypto.subtle.importKey('raw', shared ?? ownSecret, 'AES-GCM', false, usages)
    return key
  }

  return {
    async seal(bytes) {
      const iv = crypto.getRandomValues(new Uint8Array(ivBytes))
      const algorithm = { name: 'AES-GCM', iv, additionalData }
      const sealed = await crypto.subtle.encrypt(algorithm, await keyOf(), bytes)
      return new Uint8Array([...iv, ...new Uint8Array(sealed)])
    },

    async open(sealed) {
      const algorithm = { name: 'AES-GCM', iv: sealed.subarray(0, ivBytes), additionalData }
      const opened = crypto.subtle.decrypt(algorithm, await keyOf(), sealed.subarray(ivBytes))
      return new Uint8Array(await opened)
    },
  }
}
