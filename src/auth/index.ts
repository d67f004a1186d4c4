export { currentUser, type Identity, identityKey, optionalUser } from "./identity.ts";
