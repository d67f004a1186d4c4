export { type PageQuery, pageQuery, paginate, Pagination, rangeOf } from "./page.ts";
export {
  anything,
  anyText,
  boolean,
  date,
  integer,
  list,
  nullable,
  number,
  type NumberRules,
  object,
  oneOf,
  optional,
  text,
  type TextRules,
} from "./shape.ts";
export { check, fault, partOf, shape } from "./shaping.ts";
