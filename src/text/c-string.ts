/**
 * Redis prints arguments into errors, lists and logs as C strings: what stands behind a NUL byte is
 * not shown.
 */
export function untilNul(text: string): string {
  const nul = text.indexOf('\0');
  return nul < 0 ? text : text.slice(0, nul);
}
