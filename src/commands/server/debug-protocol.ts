/** DEBUG PROTOCOL: one reply of each type, for the tests of clients. */
import { ReplyError } from '../../resp/reply-error.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';

const WRONG_NAME = new ReplyError(
  'ERR Wrong protocol type name. Please use one of the following: ' +
    'string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false',
);
const RESP3_ONLY = new ReplyError('ERR RESP2 is not supported by this command');

const SAMPLES: Readonly<Record<string, (reply: ReplyWriter) => void>> = {
  string: (reply) => reply.bulkText('Hello World'),
  integer: (reply) => reply.int(12345),
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: it is no π, but Redis's sample
  double: (reply) => reply.double(3.141),
  bignum: (reply) => reply.bigNumber('1234567999999999999999999999999999999'),
  null: (reply) => reply.nil(),
  array(reply) {
    reply.array(3);
    for (let i = 0; i < 3; i++) reply.int(i);
  },
  set(reply) {
    reply.set(3);
    for (let i = 0; i < 3; i++) reply.int(i);
  },
  map(reply) {
    reply.map(3);
    for (let i = 0; i < 3; i++) {
      reply.int(i);
      reply.bool(i === 1);
    }
  },
  attrib(reply) {
    if (reply.resp3) {
      reply.attribute(1);
      reply.bulkText('key-popularity');
      reply.array(2);
      reply.bulkText('key:123');
      reply.int(90);
    }
    // Attributes belong to a reply, so one has to follow.
    reply.bulkText('Some real reply following the attribute');
  },
  push(reply) {
    if (!reply.resp3) throw RESP3_ONLY;
    // A push is no reply: the client waits for one, and gets the push behind it.
    reply.bulkText('Some real reply following the push reply');
    reply.push(2);
    reply.bulkText('server-cpu-usage');
    reply.int(42);
  },
  verbatim: (reply) => reply.verbatim('This is a verbatim\nstring'),
  true: (reply) => reply.bool(true),
  false: (reply) => reply.bool(false),
};

/** @param type in any case @throws ReplyError for a type that is none */
export function replySample(reply: ReplyWriter, type: string): void {
  const name = type.toLowerCase();
  if (!Object.hasOwn(SAMPLES, name)) throw WRONG_NAME;
  SAMPLES[name]!(reply);
}
