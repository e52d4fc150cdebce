import type { IncomingMessage, ServerResponse } from 'node:http'
import * as v from 'valibot'
import type { NoticeSink } from '../../../src/index.ts'
import { CliError, exitCodes } from '../exit.ts'
import type { Entries } from '../log.ts'
import type { Opened } from '../open-registry.ts'
import type { Settings } from '../settings.ts'
import { isSameSecret, nonceHeader, proofHeader, proofOf } from './admin-file.ts'
import type { OperationError } from './lines.ts'
import { type Operation, pathOf } from './operation.ts'
import { problem, toldOf } from './operation-error.ts'
import type { KnownOperation } from './operations.ts'
import { ResponseLines } from './response-lines.ts'
import type { UnderWay } from './under-way.ts'

/** What answers are made with. */
export interface AnswerDeps {
  readonly settings: Settings
  readonly opened: Opened
  readonly log: Entries
  readonly onNotice: NoticeSink
  readonly token: string
  /** The only `Host` that is answered: a page in a browser can be made to ask under another name. */
  readonly host: () => string
  readonly operations: ReadonlyMap<string, KnownOperation>
  readonly underWay: UnderWay
  /** Aborts when the server stops. */
  readonly stop: AbortSignal
}

/** The largest input of an operation, in bytes. */
const mostBytes = 1024 * 1024

/** Refuses a request: nothing was done. */
class Refusal extends Error {
  readonly status: number
  readonly told: OperationError

  constructor(status: number, message: string, exitCode: number = exitCodes.problem) {
    super(message)
    this.status = status
    this.told = { messages: [message], exitCode }
  }
}

/** Answers one request of the admin endpoint. Never rejects. */
export async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  deps: AnswerDeps,
): Promise<void> {
  const lines = new ResponseLines(response)
  try {
    admit(request, deps)
    const nonce = request.headers[nonceHeader]
    if (typeof nonce === 'string' && nonce.length <= 128) {
      response.setHeader(proofHeader, proofOf(deps.token, nonce))
    }
    const operation = await operationAt(request.url ?? '', deps)
    const input = await inputOf(request, operation)
    const changes = operation.changes(input)
    expectAllowed(operation, changes, deps)
    await deps.underWay.run(operation.name, changes, () => perform(operation, input, lines, deps))
  } catch (error) {
    if (!(error instanceof Refusal)) deps.log.error({ err: error }, 'an admin request failed')
    const { status, told } = error instanceof Refusal ? error : unforeseen
    lines.refuse(status, told)
  }
}

const unforeseen = new Refusal(500, 'the request failed; the log of the server says why')

/** Lets in those alone who know the token, before anything else is looked at. */
function admit({ headers, method }: IncomingMessage, { host, token }: AnswerDeps): void {
  if (headers.host !== host()) throw new Refusal(421, 'this is not the server that was asked for')
  if (headers.origin !== undefined) throw new Refusal(403, 'pages may not ask for anything here')
  const given = /^Bearer ([0-9a-f]{1,128})$/.exec(headers.authorization ?? '')?.[1] ?? ''
  if (!isSameSecret(given, token)) throw new Refusal(401, 'the token is not that of this server')
  if (method !== 'POST') throw new Refusal(405, 'operations are asked for by POST')
}

async function operationAt(path: string, { operations }: AnswerDeps): Promise<Operation> {
  const name = [...operations.keys()].find((known) => pathOf({ name: known }) === path)
  const known = operations.get(name ?? '')
  if (known !== undefined) return await known.load()
  throw new Refusal(404, 'this server does not know that operation: it has another version')
}

async function inputOf(request: IncomingMessage, operation: Operation): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > mostBytes) throw new Refusal(413, 'the input of an operation has at most 1 MiB')
    chunks.push(chunk)
  }
  try {
    const parsed = v.safeParse(operation.input, JSON.parse(Buffer.concat(chunks).toString()))
    if (parsed.success) return parsed.output
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  const advice = 'this server does not understand the input: it has another version'
  throw new Refusal(400, advice, exitCodes.usage)
}

function expectAllowed({ name }: Operation, changes: boolean, deps: AnswerDeps): void {
  if (deps.stop.aborted) throw new Refusal(503, 'the server is stopping')
  if (changes && deps.settings.readOnly) {
    throw new Refusal(409, `this server only reads (--read-only), so it does no ${name}`)
  }
  const busy = deps.underWay.refusal(name, changes)
  if (busy !== null) throw new Refusal(409, busy)
}

async function perform(
  operation: Operation,
  input: unknown,
  lines: ResponseLines,
  deps: AnswerDeps,
): Promise<void> {
  const { opened, settings, log, onNotice, stop } = deps
  const { name } = operation
  const began = performance.now()
  const signal = AbortSignal.any([lines.gone, stop])
  lines.begin()
  log.info({ operation: name }, 'an operation began')
  const ended = (fields: object, text: string): void => {
    log.info({ operation: name, ms: Math.round(performance.now() - began), ...fields }, text)
  }
  try {
    const { registry, stores, note } = opened
    const tools = { registry, stores, note, settings, log, onNotice, signal }
    const result = await operation.run(input, {
      ...tools,
      tell: (progress) => lines.progress(progress),
      write: (bytes) => lines.bytes(bytes),
    })
    lines.end({ result })
    ended({}, 'an operation ended')
  } catch (error) {
    const told = signal.aborted ? stopped(stop) : toldOf(error)
    if (told === null) log.error({ operation: name, err: error }, 'an operation failed')
    else ended({ problem: told.messages[0] }, 'an operation did not end well')
    lines.end({ error: told ?? problem(`${name} failed; the log of the server says why`) })
  }
}

function stopped(stop: AbortSignal): OperationError {
  const { messages, exitCode } = new CliError(exitCodes.problem, [
    stop.aborted ? 'stopped, because the server is stopping' : 'stopped: who asked went away',
  ])
  return { messages, exitCode }
}
