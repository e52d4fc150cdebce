import type { ContentFault } from '../content.ts'

/**
 * Sends credentials with one request at a time until a server has taken them, and never again once it has refused
 * them: servers count wrong logins, and lock the account or the address.
 */
export class LoginProof {
  #turn: Promise<unknown> = Promise.resolve()
  #isTaken = false
  #refusal: ContentFault | null = null

  /**
   * Sends a request that has the credentials.
   *
   * @param refusal what to say where the answer is 401 and the credentials were never taken
   * @throws ContentFault that refusal, also for every request after it, which is not sent
   */
  async send(
    request: () => Promise<Response>,
    refusal: (response: Response) => Promise<ContentFault>,
  ): Promise<Response> {
    if (this.#isTaken) return await request()
    const own = this.#turn.then(async () => {
      if (this.#isTaken) return null
      if (this.#refusal !== null) throw this.#refusal
      const response = await request()
      if (response.status === 401) {
        this.#refusal = await refusal(response)
        throw this.#refusal
      }
      this.#isTaken = true
      return response
    })
    this.#turn = own.catch(() => {})
    // Those that waited go at one time.
    return (await own) ?? (await request())
  }
}
