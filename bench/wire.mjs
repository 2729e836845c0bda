/**
 * The raw protocol side of the benchmarks: ask one thing, on a connection of its own or on one that
 * stays (Line), or send millions of commands.
 *
 * `drive` keeps a fixed number of commands under way on each of several connections: a batch is
 * sent, its replies are awaited, then comes the next. So the server sees what pipelining clients
 * do, not an endless flood in its socket buffers, and both servers get the same bytes.
 */
import { createConnection } from 'node:net';

const DIGIT_0 = 48;
const MAX_ERROR_CHARS = 200;

/**
 * A command in the form it has on the wire.
 * @param {string[]} args
 * @returns {string}
 */
export function encode(args) {
  const parts = args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`);
  return `*${args.length}\r\n${parts.join('')}`;
}

/**
 * Sends one command on a connection of its own.
 * @param {number} port
 * @param {string[]} args
 * @returns {Promise<string>} the reply's bytes as far as the first arrived, such as '+PONG\r\n'
 */
export function ask(port, args) {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1' }, () => socket.write(encode(args)));
    socket.once('data', (chunk) => {
      socket.destroy();
      resolve(chunk.toString('latin1'));
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`${args[0]}: the server closed the connection.`)));
  });
}

/** A connection for one question after the other: the server does not have to take it in each time. */
export class Line {
  /** @param {number} port @returns {Promise<Line>} */
  static open(port) {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
      socket.once('connect', () => resolve(new Line(socket)));
      socket.once('error', reject);
    });
  }

  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.socket = socket;
  }

  /**
   * @param {string[]} args
   * @returns {Promise<string>} as of `ask`
   */
  ask(args) {
    return new Promise((resolve, reject) => {
      const { socket } = this;
      const onClose = () => reject(new Error(`${args[0]}: the server closed the connection.`));
      socket.once('close', onClose);
      socket.once('data', (chunk) => {
        socket.off('close', onClose);
        resolve(chunk.toString('latin1'));
      });
      socket.write(encode(args));
    });
  }

  close() {
    this.socket.destroy();
  }
}

/**
 * A command to be sent many times with changing numbers in it.
 *
 * Each run of '#' in `args` is a place for a number with leading zeros; `numbers` holds one
 * function per place, from the command's index to that number. A single one serves all places.
 */
export class Template {
  /**
   * @param {string[]} args
   * @param {((index: number) => number)[]} [numbers]
   */
  constructor(args, numbers = [(index) => index]) {
    this.bytes = Buffer.from(encode(args));
    /** @type {{ end: number, digits: number, number: (index: number) => number }[]} */
    this.places = [];
    for (const match of encode(args).matchAll(/#+/g)) {
      const digits = match[0].length;
      const number = numbers[Math.min(this.places.length, numbers.length - 1)];
      this.places.push({ end: match.index + digits, digits, number });
    }
  }

  /**
   * Commands `from` to `from + count - 1`, one after the other.
   * @param {number} from
   * @param {number} count
   */
  batch(from, count) {
    const size = this.bytes.length;
    const out = Buffer.allocUnsafe(size * count);
    for (let i = 0; i < count; i++) {
      const start = i * size;
      this.bytes.copy(out, start);
      for (const { end, digits, number } of this.places) {
        writeDigits(out, start + end, digits, number(from + i));
      }
    }
    return out;
  }
}

/**
 * @param {Buffer} out
 * @param {number} end just after the last digit
 * @param {number} digits
 * @param {number} number
 */
function writeDigits(out, end, digits, number) {
  let rest = number;
  for (let at = end - 1; at >= end - digits; at--) {
    const tens = Math.floor(rest / 10);
    out[at] = DIGIT_0 + rest - tens * 10;
    rest = tens;
  }
}

/** Counts replies that are not aggregates, however the stream is cut. */
export class ReplyCounter {
  type = 0;
  length = 0;
  isNull = false;
  bodyLeft = 0;
  count = 0;
  /** The first error reply, or '' */
  error = '';
  errorDone = false;

  /** @param {Buffer} chunk */
  push(chunk) {
    let at = 0;
    while (at < chunk.length) {
      if (this.bodyLeft > 0) {
        const taken = Math.min(this.bodyLeft, chunk.length - at);
        this.bodyLeft -= taken;
        at += taken;
        if (this.bodyLeft === 0) this.count++;
      } else if (this.type === 0) {
        this.type = chunk[at++];
        this.length = 0;
        this.isNull = false;
      } else {
        this.#lineByte(chunk[at++]);
      }
    }
  }

  /** @param {number} byte */
  #lineByte(byte) {
    if (byte === 0x0a) {
      if (this.type === 0x24 && !this.isNull) this.bodyLeft = this.length + 2;
      else this.count++;
      if (this.type === 0x2d) this.errorDone = true;
      this.type = 0;
    } else if (this.type === 0x24) {
      if (byte === 0x2d) this.isNull = true;
      else if (byte >= DIGIT_0) this.length = this.length * 10 + byte - DIGIT_0;
    } else if (this.type === 0x2d && !this.errorDone && this.error.length < MAX_ERROR_CHARS) {
      this.error += String.fromCharCode(byte);
    }
  }
}

/**
 * Sends commands until `total` are answered, or `until` (ms of performance.now) has come.
 * @param {object} plan
 * @param {number} plan.port
 * @param {number} plan.connections
 * @param {number} plan.depth commands under way per connection
 * @param {number} plan.total
 * @param {Template} plan.template
 * @param {number} [plan.until]
 * @param {AbortSignal} [plan.signal] ends it too
 * @returns {Promise<{ sent: number, seconds: number }>} rejects when a reply is an error
 */
export async function drive(plan) {
  const { port, connections, depth, total, template, until = Infinity, signal } = plan;
  const started = performance.now();
  let sent = 0;
  /** @returns {Buffer | undefined} */
  const nextBatch = () => {
    const count = Math.min(depth, total - sent);
    if (count <= 0 || performance.now() >= until || signal?.aborted) return undefined;
    sent += count;
    return template.batch(sent - count, count);
  };
  const lines = Array.from({ length: connections }, () => driveOne(port, template, nextBatch));
  await Promise.all(lines);
  return { sent, seconds: (performance.now() - started) / 1000 };
}

/**
 * @param {number} port
 * @param {Template} template
 * @param {() => Buffer | undefined} nextBatch
 * @returns {Promise<void>}
 */
function driveOne(port, template, nextBatch) {
  return new Promise((resolve, reject) => {
    const counter = new ReplyCounter();
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
    let expected = 0;
    const send = () => {
      const batch = nextBatch();
      if (batch === undefined) {
        socket.destroy();
        resolve();
        return;
      }
      expected += batch.length / template.bytes.length;
      socket.write(batch);
    };
    socket.once('connect', send);
    socket.on('data', (chunk) => {
      counter.push(chunk);
      if (counter.errorDone) socket.destroy(new Error(`The server answered: ${counter.error}`));
      else if (counter.count === expected) send();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('The server closed the connection under load.')));
  });
}
