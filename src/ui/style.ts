import { artifactStyle } from './style/artifact.ts'
import { base } from './style/base.ts'
import { components } from './style/components.ts'
import { formStyle } from './style/forms.ts'
import { homeStyle } from './style/home.ts'
import { repositoryStyle } from './style/repository.ts'
import { sessionStyle } from './style/session.ts'
import { tables } from './style/tables.ts'
import { tokens } from './style/tokens.ts'

/** The one sheet, without the space between its rules. */
export const style: string = [
  tokens,
  base,
  components,
  tables,
  formStyle,
  homeStyle,
  repositoryStyle,
  artifactStyle,
  sessionStyle,
]
  .join('')
  .replace(/\/\*[^*]*\*\//g, '')
  .replace(/\s*\n\s*/g, '')
