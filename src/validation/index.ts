export { isSecret, itemsOf, shorten } from "./issues.ts";
export { mayWantBigInt, type Revive, reviverOf } from "./native.ts";
export {
  type Compiler,
  describe,
  describeWhole,
  type In,
  isSchema,
  type Issue,
  type JSONSchema,
  nativeType,
  type Out,
  type Result,
  type Schema,
  useCompiler,
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
