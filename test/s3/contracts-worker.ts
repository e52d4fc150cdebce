// Runs single cases of the contracts inside Cloudflare's runtime, for runtimes.test.ts.
import type { S3Options } from '../../adapters/s3/index.ts'
import { contractRuns } from './contract-runs.ts'

export default {
  async fetch(request: Request, env: { readonly OPTIONS: S3Options }): Promise<Response> {
    const name = new URL(request.url).searchParams.get('name')
    const found = contractRuns(env.OPTIONS).find((each) => each.name === name)
    try {
      await found?.run()
      return new Response(found === undefined ? 'no such case' : 'holds')
    } catch (error) {
      const { cause } = error as Error
      return new Response(`${error}: ${cause}`)
    }
  },
}
