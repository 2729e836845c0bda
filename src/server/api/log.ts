/** The server's log: one line per call, in Redis's wording where tools look for it. */
export interface Log {
  debug(message: string): void;
  verbose(message: string): void;
  notice(message: string): void;
  warning(message: string): void;
}
