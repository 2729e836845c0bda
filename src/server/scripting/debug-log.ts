/**
 * What a debugging session tells its client: lines, sent together as an array of simple strings.
 *
 *     <redis> GET x                         a command that the script runs, and its reply as it is shown:
 *     <reply> "text" | 5 | NULL | ["a",1]
 *
 * Long lines are cut, until the client says otherwise. Texts are latin1.
 */
import { quoteBytes } from '../../text/quote.js';

const MAX_LENGTH = 256;
/** A limit may not be lower, or lines tell nothing. */
const LEAST_LENGTH = 60;
/** Arguments of a command that are shown. */
const MAX_WORDS = 10;
const HINT = "<hint> The above reply was trimmed. Use 'maxlen 0' to disable trimming.";

const ERROR = 45; // -

export class DebugLog {
  private lines: string[] = [];
  /** 0: lines are not cut. */
  private maxLength = MAX_LENGTH;
  private isHinted = false;

  constructor(private readonly send: (bytes: Buffer) => void) {}

  add(line: string): void {
    this.lines.push(line);
  }

  /** Adds a line that may be long. */
  addCut(line: string): void {
    if (this.maxLength === 0 || line.length <= this.maxLength) {
      this.add(line);
      return;
    }
    this.add(`${line.slice(0, this.maxLength)} ...`);
    if (this.isHinted) return;
    this.isHinted = true;
    this.add(HINT);
  }

  addCommand(words: readonly string[]): void {
    const shown = words.slice(0, MAX_WORDS).map((word) => ` ${word}`);
    const more = words.length > MAX_WORDS ? ` ... (${words.length - MAX_WORDS - 1} more)` : '';
    this.add(`<redis>${shown.join('')}${more}`);
  }

  addReply(reply: Buffer): void {
    if (reply[0] === ERROR) this.add(`<error> ${reply.toString('latin1').trimEnd()}`);
    this.addCut(`<reply> ${new ReplyText(reply).value()}`);
  }

  /** @param length undefined: it is only told */
  limit(length: number | undefined): void {
    if (length !== undefined) {
      this.isHinted = true;
      this.maxLength = length === 0 ? 0 : Math.max(length, LEAST_LENGTH);
    }
    this.add(
      this.maxLength === 0
        ? '<value> replies are unlimited.'
        : `<value> replies are truncated at ${this.maxLength} bytes.`,
    );
  }

  /** Sends what there is, be it nothing. */
  flush(): void {
    const lines = this.lines.map((line) => `+${line.replace(/[\r\n]/g, ' ')}\r\n`);
    this.lines = [];
    this.send(Buffer.from(`*${lines.length}\r\n${lines.join('')}`, 'latin1'));
  }
}

/** A reply as people read it. */
class ReplyText {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  value(): string {
    const kind = String.fromCharCode(this.bytes[this.at]!);
    switch (kind) {
      case ':':
        return this.line().slice(1);
      case '$':
        return this.bulk();
      case '+':
      case '-':
        return quoted(this.line());
      case '*':
        return this.list('[', ']', ',');
      case '~':
        return this.list('~(', ')', ',');
      case '%':
        return this.map();
      case '_':
        this.line();
        return '(null)';
      case '#':
        return this.line() === '#t' ? '#true' : '#false';
      case ',':
        return `(double) ${this.line().slice(1)}`;
      default:
        return '';
    }
  }

  private line(): string {
    const end = this.bytes.indexOf('\r\n', this.at);
    const line = this.bytes.toString('latin1', this.at, end);
    this.at = end + 2;
    return line;
  }

  private bulk(): string {
    const length = Number(this.line().slice(1));
    if (length < 0) return 'NULL';
    const { at } = this;
    this.at += length + 2;
    return quoteBytes(this.bytes.subarray(at, at + length));
  }

  private list(open: string, close: string, joint: string): string {
    const length = Number(this.line().slice(1));
    if (length < 0) return 'NULL';
    const items = Array.from({ length }, () => this.value());
    return `${open}${items.join(joint)}${close}`;
  }

  private map(): string {
    const length = Number(this.line().slice(1));
    const pairs = Array.from({ length }, () => `${this.value()} => ${this.value()}`);
    return `{${pairs.join(',')}}`;
  }
}

function quoted(text: string): string {
  return quoteBytes(Buffer.from(text, 'latin1'));
}
