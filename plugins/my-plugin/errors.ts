import { APIException } from "nexus-platform";

export class UserNotFoundError extends APIException {
  // For the documentation.
  static status = 404;
  static errorCode = "USER_NOT_FOUND";

  constructor(userId: string) {
    super(404, `User ${userId} not found`, { errorCode: UserNotFoundError.errorCode });
  }
}
