/** An `Access` of logins, a policy and short-lived tokens, for those who do not write their own. */

export { type ApiTokenList, ApiTokensError, apiTokenList } from './api-token-list.ts'
export {
  type ApiToken,
  type ApiTokenStore,
  type ApiTokensOptions,
  type ApiTokenWish,
  apiTokens,
  createApiToken,
} from './api-tokens.ts'
export { type AuditAction, type AuditRecord, auditRecord } from './audit.ts'
export { type Credentials, classifyCredentials } from './credentials.ts'
export { holdToQuotas, type QuotaOf } from './hold-to-quotas.ts'
export {
  type HtpasswdLogin,
  type HtpasswdOptions,
  htpasswd,
  type PasswordAttempt,
  type VerifyPassword,
} from './htpasswd.ts'
export { HtpasswdError } from './htpasswd-file.ts'
export {
  type IssuerLogin,
  type IssuerLoginOptions,
  jwtBearer,
  oidcLogin,
} from './jwt/issuer-login.ts'
export { trustedIssuers } from './jwt/policy-issuers.ts'
export type { IssuerKeySource, TrustedIssuer } from './jwt/trusted-issuer.ts'
export type * from './login.ts'
export { type LoginLimit, type LoginLimitOptions, limitLogins } from './login-limit.ts'
export { type PasswordQueueOptions, queuePasswords } from './password-queue.ts'
export * from './policy/index.ts'
export type * from './policy.ts'
export { type AccessOptions, registryAccess } from './registry-access.ts'
export { limitRequests, type RequestLimits } from './request-limits.ts'
export {
  certificateLogin,
  proxyLogin,
  type RequestUser,
  requestLogin,
} from './request-logins.ts'
export type { Rate } from './token-buckets.ts'
export type { StampOf, TokenDeps, TokenService } from './token-service.ts'
export type { AccessEntry } from './tokens/scopes.ts'
export {
  type KeyStore,
  type SigningKeyOptions,
  type SigningKeys,
  signingKeys,
} from './tokens/signing-keys.ts'
export { KeysBroken, type SigningKey } from './tokens/stored-keys.ts'
export { type TokenServiceOptions, tokenService } from './tokens/token-service.ts'
