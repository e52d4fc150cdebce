export { loggedAgent, loggedTarget, plain, withoutSecrets } from '../../src/kit.ts'
