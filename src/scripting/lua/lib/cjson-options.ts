/** What cjson may be told about the JSON it writes and reads; the defaults are Redis's. */

/** What becomes of numbers that JSON has no way to write. */
export const InvalidNumbers = { Refuse: 0, Allow: 1, Null: 2 } as const;

export class JsonOptions {
  /**
   * A table whose keys are positive integers is a list, up to the greatest of them. If that is over
   * `sparseSafe` and over `sparseRatio` times the number of keys (0: however much), it is refused,
   * or written as an object with `sparseConvert`.
   */
  sparseConvert = false;
  sparseRatio = 2;
  sparseSafe = 10;
  /** How many lists and objects may be within each other. */
  encodeMaxDepth = 1000;
  decodeMaxDepth = 1000;
  /** One of InvalidNumbers. */
  encodeInvalidNumbers: number = InvalidNumbers.Refuse;
  /** Whether Infinity, NaN, hexadecimal numbers, and a plus or zeros in front, are read. */
  decodeInvalidNumbers = true;
  /** Significant digits of numbers. */
  precision = 14;
  keepBuffer = true;
}
