/** Loading as commands see it: whether it is under way, and having the files loaded anew. */
export interface LoadingApi {
  /** Whether data are being loaded now. */
  readonly isActive: boolean;
  /**
   * Loads the RDB file of `dir` and `dbfilename`. What is wrong is in the log.
   * @param replaces whether keys of the file take the place of those that are there
   * @param mayWait whether others may be served meanwhile: if not, everything waits until it is done
   * @returns whether there was a file, and it was all right; a promise if that takes its time
   */
  reloadRdb(replaces: boolean, mayWait: boolean): boolean | Promise<boolean>;
  /** Has all that is due to the append-only log in its file, before it is loaded anew. */
  flushLog(): void;
  /**
   * Loads the append-only log.
   * @param mayWait as above
   * @returns whether it was all right, which an empty one is; a promise if that takes its time
   */
  reloadLog(mayWait: boolean): boolean | Promise<boolean>;
}
