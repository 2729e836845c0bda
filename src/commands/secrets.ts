/** Which arguments of a request nobody else may see: what `secrets` of a command answers with. */
import type { Args } from '../resp/args.js';

/** The numbers of all arguments from `first` on. */
export function argumentsFrom(args: Args, first: number): readonly number[] {
  return Array.from({ length: Math.max(0, args.count - first) }, (_, i) => first + i);
}
