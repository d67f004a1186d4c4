import { HTTPException } from "../exceptions.ts";

/** The token of a letter that was used, is too old, or never was one. */
export class InvalidToken extends HTTPException {
  static override readonly status = 400;
  static override readonly errorCode = "TOKEN_INVALID";
  constructor() {
    super(400, "Invalid or expired token", { errorCode: "TOKEN_INVALID" });
  }
}
