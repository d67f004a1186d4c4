import { findContext } from "../context.ts";
import { dependency } from "../dependency.ts";
import { NotAuthenticated } from "../exceptions.ts";
import { identify, identifyNow, isRefusal } from "./authenticator.ts";
import { maybeSignedIn, signedIn } from "./documents.ts";

/** Who is asking; nobody, and whoever's credentials are refused, is `undefined`. */
export const optionalUser = dependency({ documents: maybeSignedIn }, () => {
  const context = findContext();
  const user = context && identifyNow(context);
  return user instanceof Promise ? user.catch(nobody) : user;
});

function nobody(error: unknown): undefined {
  if (!isRefusal(error)) throw error;
}

/** Who is asking; nobody is a 401. */
export const currentUser = dependency(
  { use: { user: optionalUser }, documents: signedIn },
  ({ user }) => user ?? refuse(),
);

async function refuse(): Promise<never> {
  const context = findContext();
  // Refused credentials say why.
  if (context) await identify(context);
  throw new NotAuthenticated();
}
