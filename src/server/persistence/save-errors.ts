/** Why an RDB file could not be written, in Redis's words. */
import type { SaveStep } from '../../persistence/snapshot/frames.js';

/** What Redis calls the steps that fail alike. */
const OPERATIONS = { write: 'rdbSaveRio', fsync: 'fsync', close: 'fclose' } as const;

/**
 * @param why in the system's words @param temporary the file's name @param name that it was to get
 * @param directory of both
 */
export function saveErrorText(
  step: SaveStep,
  why: string,
  temporary: string,
  name: string,
  directory: string,
): string {
  switch (step) {
    case 'open':
      return (
        `Failed opening the temp RDB file ${temporary} (in server root dir ${directory}) for ` +
        `saving: ${why}`
      );
    case 'rename':
      return (
        `Error moving temp DB file ${temporary} on the final destination ${name} (in server root ` +
        `dir ${directory}): ${why}`
      );
    case 'directory':
      return `Failed to fsync directory while saving DB: ${why}`;
    default:
      return `Write error while saving DB to the disk(${OPERATIONS[step]}): ${why}`;
  }
}
