/**
 * The transports that the tests of this run may speak to. vitest.config.ts runs everything on the first
 * one, and what speaks HTTP over a socket on each other one too, chosen by NEXUS_TRANSPORT.
 */
export const transports = ["stock", "direct"] as const;
