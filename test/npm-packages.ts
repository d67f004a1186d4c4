import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "tar";
import { onTestFinished } from "vitest";
import { writeFiles } from "./nexus-process.ts";

/** Packages of npm, and a registry that has them: real tarballs, on a real socket. */

export async function newFolder(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "nexus-packages-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFiles(folder, files);
  return folder;
}

type Json = Readonly<Record<string, unknown>>;

export interface TestPackage {
  readonly json: Json;
  /** Beside its package.json. */
  readonly files?: Readonly<Record<string, string>>;
}

/** @returns the path of a tarball as `npm pack` makes them */
export async function tarballOf({ json, files = {} }: TestPackage): Promise<string> {
  const folder = await newFolder();
  const all = { "package.json": JSON.stringify(json), ...files };
  await writeFiles(join(folder, "package"), all);
  const file = join(folder, "package.tgz");
  const names = Object.keys(all).map((name) => `package/${name}`);
  // Of the same files it is the same one.
  await create({ file, cwd: folder, gzip: true, portable: true, mtime: new Date(0) }, names);
  return file;
}

export async function integrityOf(file: string): Promise<string> {
  return `sha512-${createHash("sha512")
    .update(await readFile(file))
    .digest("base64")}`;
}

export interface Registry {
  /** An app's folder, whose .npmrc names the registry. */
  readonly appFolder: string;
  /** The paths that it was asked for. */
  readonly asked: string[];
  /** What it gives in the place of a tarball, from now on. */
  replace: (bytes: Buffer) => void;
  /** From now on it answers nothing. */
  hang: () => void;
}

export async function startRegistry(packages: readonly TestPackage[]): Promise<Registry> {
  const files = new Map<string, Buffer>();
  const documents = new Map<string, { versions: Record<string, Json> }>();
  const asked: string[] = [];
  let replaced: Buffer | undefined;
  let hangs = false;
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!);
    asked.push(path);
    if (hangs) return;
    const document = documents.get(path.slice(1));
    const file = files.get(path);
    if (document) {
      const latest = Object.keys(document.versions).at(-1);
      const body = { name: path.slice(1), "dist-tags": { latest }, ...document };
      response.setHeader("Content-Type", "application/json").end(JSON.stringify(body));
    } else if (path.startsWith("/private")) response.writeHead(401).end("{}");
    else if (file) response.end(replaced ?? file);
    else response.writeHead(404).end("{}");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.close().closeAllConnections();
    await once(server, "close");
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const one of packages) {
    const [name, version] = [String(one.json["name"]), String(one.json["version"])];
    const tarball = await tarballOf(one);
    const path = `/${name}/-/${version}.tgz`;
    files.set(path, await readFile(tarball));
    const dist = { tarball: url + path, integrity: await integrityOf(tarball) };
    const document = documents.get(name) ?? { versions: {} };
    document.versions[version] = { ...one.json, dist };
    documents.set(name, document);
  }
  const appFolder = await newFolder();
  await mkdir(join(appFolder, "cache"));
  const settings = [`registry=${url}/`, `cache=${join(appFolder, "cache")}`, "fetch-retries=0"];
  await writeFile(join(appFolder, ".npmrc"), `${settings.join("\n")}\n`);
  return {
    appFolder,
    asked,
    replace: (bytes) => (replaced = bytes),
    hang: () => (hangs = true),
  };
}
