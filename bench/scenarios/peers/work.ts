/** What the servers of the scenarios share: data, and where they listen. */

export const port = Number(process.env["PORT"]);
export const host = "127.0.0.1";
/** How many plugins of ten routes there are beside the rest. */
export const plugins = Number(process.env["BENCH_PLUGINS"] ?? 0);
/** Where uploads go, and where the file for downloads is. */
export const folder: string = process.env["BENCH_FOLDER"] ?? "";
/** Seconds that an idle connection is kept. */
export const keepAlive = 120;
/** Bytes of the largest JSON body. */
export const largestBody = 4_000_000;
/** Bytes of the largest file. */
export const largestFile = 200_000_000;

/** PEM, where the server is to speak TLS. */
export const tls: { readonly key: string; readonly cert: string } | undefined = process.env[
  "BENCH_TLS"
]
  ? (JSON.parse(process.env["BENCH_TLS"]) as { key: string; cert: string })
  : undefined;

export interface Item {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly active: boolean;
  readonly score: number;
  readonly tags: string[];
}

export const items: readonly Item[] = Array.from({ length: 10_000 }, (_, at) => ({
  id: at + 1,
  name: `Item number ${at + 1}`,
  email: `item${at + 1}@example.com`,
  active: at % 4 > 0,
  score: at / 8,
  tags: ["alpha", "beta"],
  note: "This never leaves",
}));

export const emailPattern = "^[^\\s@]+@[^\\s@.]+(\\.[^\\s@.]+)+$";

/** The ten routes of a plugin, as methods and paths below its prefix. */
export const routes = [
  ["GET", "/items"],
  ["POST", "/items"],
  ["GET", "/items/{id}"],
  ["PUT", "/items/{id}"],
  ["DELETE", "/items/{id}"],
  ["GET", "/items/{id}/parts"],
  ["POST", "/items/{id}/parts"],
  ["GET", "/items/{id}/parts/{part}"],
  ["GET", "/about"],
  ["GET", "/search"],
] as const;
