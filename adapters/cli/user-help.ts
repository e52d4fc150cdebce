import { entry } from './help-entry.ts'

/** What `layerdock user --help` prints. */
export const userHelp: string = `layerdock user: the users of an htpasswd file, which layerdock serve --htpasswd takes.

  layerdock user add NAME --htpasswd FILE
  layerdock user passwd NAME --htpasswd FILE
  layerdock user remove NAME --htpasswd FILE
  layerdock user list --htpasswd FILE

A password is asked for twice at a terminal, and read from the first line of standard input
elsewhere. It has 72 bytes at most, and is kept as its bcrypt hash. add makes the file where there
is none. A server that runs takes the change within a few seconds.

${entry('--htpasswd FILE', 'the file of users; there is no default')}
${entry('--cost N', 'how much work a login is: 8 to 16, each one more doubles it (10)')}

  layerdock user add alice --htpasswd users.htpasswd
  printf '%s\\n' "$PASSWORD" | layerdock user add ci --htpasswd users.htpasswd

Exit codes: 0 where it is done, 1 for a problem, and for list also where a server would refuse the
file; 2 for a wrong command line.
`
