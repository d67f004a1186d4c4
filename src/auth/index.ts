export {
  type Authenticator,
  authenticatorKey,
  confirm,
  identify,
  isRefusal,
} from "./authenticator.ts";
export { currentUser, optionalUser } from "./current-user.ts";
export { guarded, maybeSignedIn, signedIn } from "./documents.ts";
export {
  checkGuard,
  compileGuard,
  type Guarded,
  type GuardMark,
  requirePermission,
  requireRole,
} from "./guard.ts";
export { createIdentity, type Identity, identityKey, type Known } from "./identity.ts";
export { allows } from "./permissions.ts";
export {
  type Claims,
  createTokens,
  type Issued,
  type Tokens,
  type TokensOptions,
} from "./tokens.ts";
