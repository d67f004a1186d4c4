import { key } from "../scope.ts";
import type { Routes } from "./route.ts";

/**
 * Adds routes of the platform itself, which belong to no plugin.
 * @param name whose they are called in logs and conflicts
 * @returns the undo
 * @throws NX_ROUTE_CONFLICT
 */
export type AddRoutes = (routes: Routes, name: string) => () => void;

/** Found in the app's scope. */
export const addRoutesKey = key<AddRoutes>("nexus/addRoutes");
