/** Something that an operator should know. */
export interface Finding {
  /** Something is wrong, or this is only good to know. */
  readonly kind: "fault" | "note";
  /** The plugin, or the part of the platform. */
  readonly about: string;
  readonly what: string;
}
