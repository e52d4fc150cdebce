import { JsonReader } from '../../core/json-reader.ts'
import { JsonProblem } from '../../core/json-scan.ts'
import { longestDigest } from '../../oci/digest.ts'

/** The digest that a manifest refers to as its subject; null where it has none, or is not a manifest. */
export function subjectIn(bytes: Uint8Array): string | null {
  let subject: string | null = null
  try {
    const reader = new JsonReader(new TextDecoder().decode(bytes))
    reader.object((key) => {
      if (key !== 'subject') reader.skip()
      else if (!reader.null()) {
        reader.object((field) => {
          if (field === 'digest') subject = reader.string(longestDigest)
          else reader.skip()
        })
      }
    })
  } catch (error) {
    if (error instanceof JsonProblem) return null
    throw error
  }
  return subject
}
