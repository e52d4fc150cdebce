import type { Certificate } from '../serving/serve-options.ts'
import { CliError, exitCodes } from './exit.ts'
import { explainListening } from './explain.ts'
import type { Front } from './front.ts'
import { type Listening, type ListenOptions, listen } from './listen.ts'
import type { Settings } from './settings.ts'

/** Listens where the settings say, and as they say. @throws CliError where it cannot. */
export async function startListening(
  front: Front,
  settings: Settings,
  {
    tls,
    ...others
  }: Pick<ListenOptions, 'onNotice' | 'requests' | 'meter'> & { tls: Certificate | null },
): Promise<Listening> {
  const { listen: address } = settings
  const options: ListenOptions = {
    ...others,
    ...address,
    ...(tls === null ? {} : { tls }),
    trustedProxies: settings.trustedProxies,
    maxHeaderBytes: settings.maxHeader,
    ...(settings.maxConnections === null ? {} : { maxConnections: settings.maxConnections }),
    slowestPull: settings.slowestPull,
    timeouts: {
      headersMs: settings.headersTimeout,
      stallMs: settings.stallTimeout,
      keepAliveMs: settings.keepAliveTimeout,
    },
  }
  try {
    return await listen(front, options)
  } catch (error) {
    throw problem(error, explainListening(error, address))
  }
}

/** What a person can act on without a stack; anything else as it is. */
function problem(error: unknown, explanation: string | null): unknown {
  return explanation === null ? error : new CliError(exitCodes.problem, [explanation])
}
