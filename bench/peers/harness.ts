/** What the benchmark asks of a peer: to listen where it is told, and to end when it is told. */

export const port = Number(process.env["PORT"]);
export const host = "127.0.0.1";

// Node writes its compile cache when a process ends by itself.
process.once("SIGTERM", () => process.exit());
