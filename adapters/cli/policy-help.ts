import { entry } from './help-entry.ts'

/** What `layerdock policy --help` prints. */
export const policyHelp: string = `layerdock policy: check a policy, or ask what it decides and why.

  layerdock policy check FILE
  layerdock policy explain USER ACTION REPOSITORY[:TAG] --policy FILE

check reads the file as the server does, and prints each problem with its place, and warnings of
what may not be meant. With --login-groups, groups that the policy does not list are right: those of
client certificates, or of a proxy.

explain says which rule decides, and why each rule before it does not match. USER is a name, or
anonymous for a caller without credentials. ACTION is pull, push, delete, catalog or admin; the last
two may stand without a repository. A digest is written REPOSITORY@sha256:…

${entry('--policy FILE', 'the policy (LAYERDOCK_POLICY)')}
${entry('--group NAME', 'a group that the login gives the caller; may be given again')}
${entry('--issuer NAME', 'the issuer in the policy whose token the caller has; USER is then its user claim')}
${entry('--claim NAME=VALUE', 'a claim of that token; may be given again')}
${entry('--json', 'print JSON, for programs')}

  layerdock policy explain alice push team/app:latest --policy policy.json --group developers
  layerdock policy explain repo:acme/app:ref:refs/heads/main push acme/app:v1 --policy policy.json \\
    --issuer github --claim repository_owner=acme --claim ref=refs/heads/main

Exit codes: 0 where the policy is right, or allows it; 1 where it has a problem, or refuses it; 2
for a wrong command line; 78 for a file that cannot be read, or a policy that cannot be explained.
`
