import { messageOf, NexusError } from "../exceptions.ts";

/** Where to listen: `path` is that of a Unix socket. */
export type Place = { readonly port: number; readonly host: string } | { readonly path: string };

const cures: Readonly<Record<string, string>> = {
  EADDRINUSE:
    "Stop what listens there, or choose another port (PORT, or listen({ port })); 0 takes any free one.",
  EACCES: "Ports below 1024 are the system's: choose a higher one (PORT, or listen({ port })).",
  EADDRNOTAVAIL:
    "Choose an address of this machine (HOST, or listen({ host })); 0.0.0.0 is all of them.",
  ENOTFOUND:
    "Choose an address of this machine (HOST, or listen({ host })); 0.0.0.0 is all of them.",
};

export function cannotListen(cause: NodeJS.ErrnoException, place: Place): NexusError {
  const where = "path" in place ? place.path : `port ${place.port} of ${place.host}`;
  const why = cause.code === "EADDRINUSE" ? "it is taken" : messageOf(cause);
  return new NexusError("NX_LISTEN", `Cannot listen on ${where}: ${why}.`, {
    cure: cures[cause.code ?? ""] ?? "Choose a port and an address that this machine has.",
    cause,
  });
}
