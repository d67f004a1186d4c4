import { confirm, isRefusal } from "../auth/index.ts";
import type { Context } from "../context.ts";

/** Whether somebody may still hear what was begun for them: a stream lasts for hours, and permissions end. */
export async function mayListen(context: Context): Promise<boolean> {
  try {
    await confirm(context);
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}
