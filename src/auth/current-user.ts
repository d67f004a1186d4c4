import { findContext } from "../context.ts";
import { dependency } from "../dependency.ts";
import { NotAuthenticated } from "../exceptions.ts";
import { identify, isRefusal } from "./authenticator.ts";
import { maybeSignedIn, signedIn } from "./documents.ts";
import type { Identity } from "./identity.ts";

/** Who is asking; nobody, and whoever's credentials are refused, is `undefined`. */
export const optionalUser = dependency(
  { documents: maybeSignedIn },
  async (): Promise<Identity | undefined> => {
    const context = findContext();
    try {
      return context && (await identify(context));
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  },
);

/** Who is asking; nobody is a 401. */
export const currentUser = dependency(
  { use: { user: optionalUser }, documents: signedIn },
  async ({ user }): Promise<Identity> => {
    if (user) return user;
    const context = findContext();
    // Refused credentials say why.
    if (context) await identify(context);
    throw new NotAuthenticated();
  },
);
