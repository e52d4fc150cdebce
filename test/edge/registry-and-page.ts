// A registry and its web page, without stores.
export { assembleRegistry } from 'layerdock/kit'
export { createUi } from 'layerdock/ui'
