import { createHmac, timingSafeEqual } from "node:crypto";
import { NexusError, PermissionDenied } from "../exceptions.ts";
import type { UrlOptions } from "./engine.ts";

/** A week, as other places for files allow. */
const longest = 604_800;

export type LinkOptions = Required<UrlOptions>;

/** What was not said is filled in. @throws NX_STORAGE_URL */
export function linkOptions(key: string, options: UrlOptions): LinkOptions {
  const { expiresIn = 3600, disposition = "attachment" } = options;
  const { filename = key.slice(key.lastIndexOf("/") + 1) } = options;
  if (Number.isInteger(expiresIn) && expiresIn >= 1 && expiresIn <= longest)
    return { expiresIn, filename: filename.toWellFormed(), disposition };
  throw new NexusError("NX_STORAGE_URL", `A link to "${key}" cannot hold for ${expiresIn} s.`, {
    cure: `Give whole seconds, from 1 to ${longest} (a week).`,
  });
}

/** Links that carry the leave to read one file, until they expire. */
export class Links {
  readonly #load: () => Promise<readonly string[]>;
  #loaded: Promise<readonly string[]> | undefined;

  /** @param load gives the secrets, when they are needed: the first one signs, all verify */
  constructor(load: () => Promise<readonly string[]>) {
    this.#load = load;
  }

  /** @returns a path with its query */
  async sign(key: string, { expiresIn, filename, disposition }: LinkOptions): Promise<string> {
    const end = String(Math.floor(Date.now() / 1000) + expiresIn);
    const [secret] = await this.#secrets();
    const query = new URLSearchParams({ filename, disposition, expires: end });
    query.set("signature", signatureOf(secret!, [key, filename, disposition, end]));
    return `/storage/${key.split("/").map(encodeURIComponent).join("/")}?${query}`;
  }

  /** @throws PermissionDenied for a link that is not ours, or no longer holds */
  async open(
    key: string,
    query: URLSearchParams,
  ): Promise<{ readonly filename: string; readonly isInline: boolean }> {
    const said = (name: string): string => query.get(name) ?? "";
    const [filename, disposition, end] = [said("filename"), said("disposition"), said("expires")];
    // Compared as it is written: to read it as bytes would let some other spellings pass.
    const given = Buffer.from(said("signature"));
    const isOurs = (await this.#secrets()).some((secret) => {
      const right = Buffer.from(signatureOf(secret, [key, filename, disposition, end]));
      return given.length === right.length && timingSafeEqual(given, right);
    });
    if (!isOurs || Number(end) * 1000 < Date.now())
      throw new PermissionDenied("The link is not valid, or no longer");
    return { filename, isInline: disposition === "inline" };
  }

  #secrets(): Promise<readonly string[]> {
    this.#loaded ??= this.#load();
    // What failed is tried again.
    this.#loaded.catch(() => (this.#loaded = undefined));
    return this.#loaded;
  }
}

/** The words before it keep it apart from all else that the app signs. */
function signatureOf(secret: string, link: readonly string[]): string {
  return createHmac("sha256", secret)
    .update(`nexus storage link\n${JSON.stringify(link)}`)
    .digest("hex");
}
