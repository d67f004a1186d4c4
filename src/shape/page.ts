import { boolean, integer, object, optional } from "./shape.ts";

export interface PageQuery {
  readonly page: number;
  readonly per_page: number;
}

/** The query of whatever is listed in pages. */
export const pageQuery = {
  page: optional(integer({ min: 1, description: "Page number" }), 1),
  per_page: optional(integer({ min: 1, max: 100, description: "Items per page" }), 20),
};

export interface Pagination extends PageQuery {
  readonly total: number;
  readonly pages: number;
  readonly has_next: boolean;
  readonly has_prev: boolean;
}

export const Pagination = object("Pagination", {
  page: integer(),
  per_page: integer(),
  total: integer(),
  pages: integer(),
  has_next: boolean(),
  has_prev: boolean(),
});

export function paginate(total: number, { page, per_page }: PageQuery): Pagination {
  return {
    page,
    per_page,
    total,
    pages: Math.ceil(total / per_page),
    has_next: page * per_page < total,
    has_prev: page > 1,
  };
}

/** Where a page begins; beyond the end its number may be larger than a database counts. */
export function rangeOf(total: number, { page, per_page }: PageQuery) {
  const offset = (page - 1) * per_page;
  return offset < total ? { offset, limit: per_page } : { offset: 0, limit: 0 };
}
