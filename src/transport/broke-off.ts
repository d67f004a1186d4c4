import { HTTPException } from "../exceptions.ts";

/** A body of which no more comes. */
export function brokeOff(cause?: unknown): HTTPException {
  // Nobody's fault here, so nothing for the log.
  return new HTTPException(400, "The body broke off", { errorCode: "BODY_BROKE_OFF", cause });
}
