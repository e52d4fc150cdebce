import * as v from 'valibot'
import {
  parseRepositoryName,
  type RegistryStores,
  type RepositoryName,
} from '../../../../src/index.ts'
import { CliError, exitCodes } from '../../exit.ts'
import { plain } from '../../plain-text.ts'

/** The name of a repository, as the admin endpoint takes it. */
export const repositorySchema: v.GenericSchema<unknown, RepositoryName> = v.custom<RepositoryName>(
  (value) => typeof value === 'string' && parseRepositoryName(value) !== null,
)

/** A repository of the command line. @throws CliError */
export function repositoryIn(text: string): RepositoryName {
  const name = parseRepositoryName(text)
  if (name !== null) return name
  const message = `${plain(text, 300)}: is not the name of a repository, such as team/app`
  throw new CliError(exitCodes.usage, [message])
}

/** @throws CliError where the stores keep no trash. */
export function expectTrash({ metadata }: RegistryStores): void {
  if (metadata.keepsTrash === true) return
  throw new CliError(exitCodes.problem, [
    'this registry keeps no trash: what is deleted is gone for good',
  ])
}
