export { isSecret, itemsOf, shorten } from "./issues.ts";
export { mayWantBigInt, type Revive, reviverOf } from "./native.ts";
export {
  describe,
  describeWhole,
  type In,
  isSchema,
  type Issue,
  type JSONSchema,
  type Library,
  makesJSON,
  nativeType,
  type Out,
  type Result,
  type Schema,
  useLibrary,
  type Validate,
  validatorOf,
} from "./schema.ts";
export {
  readDate,
  type Reader,
  readerOf,
  readFloat,
  type Reading,
  readInteger,
  wantsList,
} from "./strings.ts";
