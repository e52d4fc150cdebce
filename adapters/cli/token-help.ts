import { entry } from './help-entry.ts'
import { settings } from './settings.ts'

/** What `layerdock token --help` prints. */
export const tokenHelp: string = `layerdock token: API tokens, with which machines log in.

  layerdock token create --owner NAME --name NAME
  layerdock token list
  layerdock token revoke NAME|ID

create prints the token, once: the server keeps its hash alone. Clients send it as the password,
beside any user name, or as a bearer token. It acts for its owner, and may do what the policy allows
the owner, as far as its grants go. A server that runs takes a change within a few seconds.

${entry('--owner NAME', 'the user it acts for, who need not be in a file of users')}
${entry('--name NAME', 'what it is called in lists and in the audit; one token has one name')}
${entry('--expires TIME', 'when it ends by itself: 90d, 12h; never, if not given')}
${entry("--grant 'PATTERN:ACTIONS'", 'what it may do at most: pull, push, delete, catalog, admin; may be given again. catalog alone grants the list of repositories')}
${entry('--json', 'list: print JSON, for programs')}
${entry('--storage-dir DIR', `the folder of the store (${settings.storageDir.defaultText}); tokens are in access/ there`)}
${entry('--access-dir DIR', 'where the tokens are instead')}
${entry('--config FILE', 'a JSON file of settings')}

  layerdock token create --owner ci --name ci-main --expires 90d --grant 'team/**:pull,push'
  layerdock token revoke ci-main

Exit codes: 0 where it is done, 1 for a problem, 2 for a wrong command line.
`
