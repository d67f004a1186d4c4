/** What may be sent; each answers with the error to throw instead. */
export interface Rule {
  statement(sql: string): Error | undefined;
  /** Asked for every table that a statement reads, writes, makes, changes or drops, also by a view or a trigger. */
  table(name: string): Error | undefined;
}

export interface Guard {
  /**
   * Holds what the open transaction sends to a rule.
   * @returns what ends that
   */
  guard(rule: Rule): () => void;
}
