/**
 * Rules that texts of single directives must keep, with Redis's words for those that break them.
 * Each check returns undefined for a good text.
 */

const HOST_NAME_LIMIT_BYTES = 256;
const HOST_NAME = /^[A-Za-z0-9.-]*$/;
/** `C` or `de_DE`, and an encoding. */
const LOCALE_NAME = /^(?:(C|POSIX)|([a-z]{2,3}(?:_[A-Z]{2})?))(?:\.[A-Za-z0-9-]+)?$/;
const BAD_IN_NODE_NAME = /[!#$%&()*+:;<>?@[\]^{|}~]/;

/** A file name, not a path: it must stay in its directory. */
function isBaseName(name: string): boolean {
  return !name.includes('/') && !name.includes('\\');
}

export function checkDbFileName(name: string): string | undefined {
  return isBaseName(name) ? undefined : "dbfilename can't be a path, just a filename";
}

export function checkAofFileName(name: string): string | undefined {
  if (name === '') return "appendfilename can't be empty";
  return isBaseName(name) ? undefined : "appendfilename can't be a path, just a filename";
}

export function checkAofDirName(name: string): string | undefined {
  if (name === '') return "appenddirname can't be empty";
  return isBaseName(name) ? undefined : "appenddirname can't be a path, just a dirname";
}

export function checkHostName(name: string): string | undefined {
  if (Buffer.byteLength(name) >= HOST_NAME_LIMIT_BYTES) {
    return `Hostnames must be less than ${HOST_NAME_LIMIT_BYTES} characters`;
  }
  if (HOST_NAME.test(name)) return undefined;
  return 'Hostnames may only contain alphanumeric characters, hyphens or dots';
}

export function checkNodeName(name: string): string | undefined {
  if (!BAD_IN_NODE_NAME.test(name)) return undefined;
  return 'Announced human node name contained invalid character';
}

/** A locale that texts can be compared by: one that ICU knows, by its POSIX name. */
export function checkLocale(name: string): string | undefined {
  const [isName, isPlain, language = ''] = LOCALE_NAME.exec(name) ?? [];
  const isKnown =
    name === '' ||
    isPlain !== undefined ||
    (isName !== undefined &&
      Intl.Collator.supportedLocalesOf([language.replace('_', '-')]).length > 0);
  return isKnown ? undefined : 'Invalid locale name';
}

/**
 * A process title that would not come out empty and names only known variables; `{{` stands for
 * a brace. What is empty depends on other directives: `{unixsocket}` alone, without a socket, is.
 */
export function checkProcTitle(
  template: string,
  lookup: (name: string) => unknown,
): string | undefined {
  const title = expandTitle(template, (variable) => titleVariable(variable, lookup));
  if (title !== undefined && /[^ ]/.test(title)) return undefined;
  return 'template format is invalid or contains unknown variables';
}

/** The template with its variables filled in; undefined when a brace or a name is wrong. */
export function expandTitle(
  template: string,
  valueOfVariable: (name: string) => string | undefined,
): string | undefined {
  let isWrong = false;
  const title = template.replace(/\{(?:\{|([^}]*)(\}?))/g, (found, name, end) => {
    if (found === '{{') return '{';
    const value = end === '}' ? valueOfVariable(name) : undefined;
    if (value === undefined) isWrong = true;
    return value ?? '';
  });
  return isWrong ? undefined : title;
}

/** What a variable of the title would be at the time of the check; the title itself is empty. */
function titleVariable(name: string, lookup: (name: string) => unknown): string | undefined {
  switch (name) {
    case 'title':
      return '';
    case 'listen-addr':
      return `*:${lookup('port')}`;
    case 'server-mode':
      return lookup('cluster-enabled') ? '[cluster]' : '';
    case 'config-file':
      return '-';
    case 'port':
    case 'tls-port':
      return `${lookup(name)}`;
    case 'unixsocket':
      return `${lookup(name)}`;
    default:
      return undefined;
  }
}
