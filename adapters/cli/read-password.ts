import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { isTooLongForBcrypt } from '../../src/access/htpasswd-file.ts'
import { CliError, exitCodes } from './exit.ts'

/** Longer lines are no passwords. */
const mostCharacters = 4096

/** Where a new password comes from. Both throw a CliError where there is none. */
export interface PasswordInput {
  /** Whether a person types it. */
  readonly isTyped: boolean
  /** What is typed twice, or the first line of standard input. */
  read(times: number): Promise<readonly string[]>
}

/** The terminal, which does not show what is typed, or standard input. */
export function passwordInput(): PasswordInput {
  if (process.stdin.isTTY === true) return { isTyped: true, read: typed }
  return { isTyped: false, read: async () => [await firstLine()] }
}

/**
 * Asks for a new password: twice where a person types it.
 *
 * @throws CliError where there is none, or it cannot be one.
 */
export async function readNewPassword(input: PasswordInput): Promise<string> {
  const [password = '', again] = await input.read(input.isTyped ? 2 : 1)
  checked(password)
  if (again === undefined || again === password) return password
  throw problem('these were two different passwords; nothing was changed')
}

function checked(password: string): void {
  if (password === '') {
    throw problem('there is no password: type it when asked, or write it to standard input')
  }
  if (isTooLongForBcrypt(password)) {
    throw problem(
      'the password has more than 72 bytes, of which bcrypt takes no notice; take a shorter one',
    )
  }
  if (/\p{Cc}/u.test(password)) {
    throw problem('the password has a control character, which clients cannot send')
  }
}

const prompts = ['Password: ', 'The same again: ']

async function typed(times: number): Promise<readonly string[]> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  // From here on the terminal shows nothing, also of what is typed between two prompts.
  const lines = createInterface({
    input: process.stdin,
    output: nowhere,
    terminal: true,
    historySize: 0,
  })
  const answers: string[] = []
  process.stderr.write(prompts[0] ?? '')
  await new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      answers.push(line)
      process.stderr.write('\n')
      if (answers.length === times) lines.close()
      else process.stderr.write(prompts[answers.length] ?? '')
    })
    lines.once('SIGINT', () => lines.close())
    lines.once('close', resolve)
  })
  if (answers.length === times) return answers
  process.stderr.write('\n')
  throw problem('no password was typed; nothing was changed')
}

/** The first line of standard input, without its end. */
async function firstLine(): Promise<string> {
  // Of what is not UTF-8, a decoder that goes on would make a password that nobody knows.
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  try {
    for await (const chunk of process.stdin) {
      text += decoder.decode(chunk as Uint8Array, { stream: true })
      if (text.includes('\n') || text.length > mostCharacters) break
    }
    if (!text.includes('\n')) text += decoder.decode()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw problem('the password is not text in UTF-8; nothing was changed')
  } finally {
    process.stdin.destroy()
  }
  const [line = ''] = text.split('\n')
  return line.replace(/\r$/, '')
}

function problem(message: string): CliError {
  return new CliError(exitCodes.problem, [message])
}
