/** INFO's text, taken apart. */

/** Values by field, by section: `info.get('memory')?.get('used_memory')`. */
export type InfoFields = ReadonlyMap<string, ReadonlyMap<string, string>>;

export function parseInfo(text: string): InfoFields {
  const sections = new Map<string, Map<string, string>>();
  let fields = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    if (line.startsWith('# ')) {
      fields = new Map();
      sections.set(line.slice(2).toLowerCase(), fields);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return sections;
}

/** A field in whichever section it stands. */
export function infoField(info: InfoFields, name: string): string | undefined {
  for (const fields of info.values()) {
    const value = fields.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Parts of a value such as `calls=1,usec=2`. */
export function infoParts(value: string): Record<string, string> {
  const parts: Record<string, string> = {};
  for (const part of value.split(',')) {
    const equals = part.indexOf('=');
    if (equals > 0) parts[part.slice(0, equals)] = part.slice(equals + 1);
  }
  return parts;
}
