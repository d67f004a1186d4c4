import { HTTPException } from "../exceptions.ts";
import { isPermission } from "../plugin/index.ts";
import { text } from "../shape/index.ts";

/** What may be granted: a permission, all below one (`notes:*`), or all (`*`). */
export function isGrant(name: string): boolean {
  return name === "*" || isPermission(name.endsWith(":*") ? name.slice(0, -2) : name);
}

/** For what comes from the command line and from plugins; routes have checked it before. */
export function refuseNoGrant(names: Iterable<string>): void {
  for (const name of names) {
    if (isGrant(name)) continue;
    const hint = 'write "notes:read", "notes:*" or "*"';
    throw new HTTPException(422, `"${name}" is no permission: ${hint}`);
  }
}

export function refuseNoPermission(name: string): void {
  if (isPermission(name)) return;
  throw new HTTPException(422, `"${name}" cannot name a permission: write "notes:read"`);
}

const roleNames = /^[a-z][\w-]*$/i;

export function isRoleName(name: string): boolean {
  return name.length <= 50 && roleNames.test(name);
}

export const Permission = text({
  max: 100,
  pattern: /^[\w.-]+(:[\w.-]+)*$/,
  message: "A permission is words with colons between them, as in notes:read",
});

export const Grant = text({
  max: 100,
  pattern: /^(\*|[\w.-]+(:[\w.-]+)*(:\*)?)$/,
  message: "Write a permission as notes:read, all below one as notes:*, or all as *",
});

export const RoleName = text({
  min: 1,
  max: 50,
  pattern: roleNames,
  message: "A role is a word of letters, digits, - and _, and begins with a letter",
});
