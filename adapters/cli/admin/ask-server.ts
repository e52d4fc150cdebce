import { randomBytes } from 'node:crypto'
import { type IncomingMessage, request } from 'node:http'
import { CliError, exitCodes } from '../exit.ts'
import { codeOf } from '../whole-file.ts'
import { type AdminAddress, isSameSecret, nonceHeader, proofHeader, proofOf } from './admin-file.ts'
import { type AdminLine, linesOf } from './lines.ts'
import { type Operation, type OperationTools, pathOf } from './operation.ts'

/** What a caller does with what arrives before the result. */
export type Hearing = Pick<OperationTools, 'tell' | 'write' | 'signal'>

/** What a server answered; null where that server is not there any more. */
export type Answered = { readonly result: unknown } | null

/**
 * Asks the server at an address for an operation.
 *
 * @throws CliError as the server says it, or when it ended in the middle.
 */
export async function askServer(
  { port, token }: AdminAddress,
  operation: Operation,
  input: unknown,
  { tell, write, signal }: Hearing,
): Promise<Answered> {
  const nonce = randomBytes(32).toString('hex')
  const headers = {
    Host: `127.0.0.1:${port}`,
    Authorization: `Bearer ${token}`,
    [nonceHeader]: nonce,
    'Content-Type': 'application/json',
  }
  const path = pathOf(operation)
  let response: IncomingMessage
  try {
    response = await send({ port, path, headers, signal }, JSON.stringify(input))
  } catch (error) {
    signal.throwIfAborted()
    if (isNobody(error)) return null
    throw error
  }
  try {
    // Another program may have got the port of a server that was killed.
    const proof = response.headers[proofHeader]
    if (!isSameSecret(typeof proof === 'string' ? proof : '', proofOf(token, nonce))) return null
    response.setEncoding('utf8')
    for await (const text of linesOf(response)) {
      const line = JSON.parse(text) as AdminLine
      if ('progress' in line) tell(line.progress)
      else if ('bytes' in line) await write(Buffer.from(line.bytes, 'base64'))
      else if ('result' in line) return { result: line.result }
      else throw new CliError(line.error.exitCode, line.error.messages)
    }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof CliError) throw error
  } finally {
    response.destroy()
  }
  throw new CliError(exitCodes.problem, [
    `the server ended in the middle of ${operation.name}; what it did until then stays done`,
  ])
}

interface Wish {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

function send(wish: Wish, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...wish, host: '127.0.0.1', method: 'POST', agent: false }, resolve)
    sent.once('error', reject)
    sent.end(body)
  })
}

/** Whether nothing listens there, or something that speaks no HTTP. */
function isNobody(error: unknown): boolean {
  const code = codeOf(error) ?? ''
  return /^(?:ECONNREFUSED|ECONNRESET|EPIPE|ECONNABORTED|ConnectionRefused|ConnectionClosed|HPE_.*)$/.test(
    code,
  )
}
