/** A host as it can stand in the name of an image: a name or an address, and perhaps a port. */
const hostGrammar = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/

/** The host that a client says it asks, as it can stand in the name of an image; null for anything else. */
export function hostIn(headers: Headers): string | null {
  const given = headers.get('host')
  return given !== null && hostGrammar.test(given) ? given : null
}
