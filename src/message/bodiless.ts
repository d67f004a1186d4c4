/** Whether an answer of this status has no body, whatever it was given. */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}
