/** `http://host/path`, as proxies are asked, becomes `/path`. */
export function originForm(target: string): string {
  if (target.startsWith("/")) return target;
  const [, , path = "/"] = absolute.exec(target) ?? [];
  return path.startsWith("/") ? path : `/${path}`;
}

/** The host that a whole address names. */
export function authorityOf(target = "/"): string | undefined {
  return target.startsWith("/") ? undefined : absolute.exec(target)?.[1];
}

const absolute = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)([/?].*)?$/i;
