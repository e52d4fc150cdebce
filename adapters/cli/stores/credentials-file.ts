import { readFile } from 'node:fs/promises'

/** Keys for a bucket. */
export interface BucketKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/**
 * Reads keys from a file that the AWS tools write, such as `~/.aws/credentials`.
 *
 * @param profile which section of the file counts
 * @throws Error that says what is wrong, without what stands in the file.
 */
export async function readCredentialsFile(path: string, profile: string): Promise<BucketKeys> {
  const values = valuesIn(await readFile(path, 'utf8'), profile)
  if (values === null) throw new Error(`${path}: has no section [${profile}]`)
  const accessKeyId = values.get('aws_access_key_id')
  const secretAccessKey = values.get('aws_secret_access_key')
  const sessionToken = values.get('aws_session_token')
  if (!accessKeyId || !secretAccessKey) {
    throw new Error(
      `${path}: [${profile}] needs lines aws_access_key_id = … and aws_secret_access_key = …`,
    )
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }
}

/** The names and values of a section; null where it is not there. Lines before any section are the default's. */
function valuesIn(text: string, profile: string): ReadonlyMap<string, string> | null {
  const values: Map<string, string> = new Map()
  let section = 'default'
  let isThere = false
  for (const line of text.split(/\r?\n/)) {
    const [, name] = /^\s*\[\s*(?:profile\s+)?([^\]]*?)\s*\]\s*$/.exec(line) ?? []
    if (name !== undefined) section = name
    const [, key, value] = /^\s*([A-Za-z_]+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (section !== profile) continue
    isThere ||= name !== undefined || key !== undefined
    if (key !== undefined && value !== undefined) values.set(key.toLowerCase(), value)
  }
  return isThere ? values : null
}
