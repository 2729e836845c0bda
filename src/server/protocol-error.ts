/** What the log says of a client that breaks the protocol or sends without end, as Redis does. */
import { quoteBytes } from '../text/quote.js';
import type { Client } from './api/client.js';
import { clientInfo } from './api/client-info.js';

/** So much of what the client sent is shown, in bytes: of a longer piece, its head and tail. */
const SHOWN_BYTES = 128;
const SHOWN_INITIAL_BYTES = 64;

/** The log's word for an error, where it isn't the reply's. */
const CAUSES: Readonly<Record<string, string>> = {
  'invalid multibulk length': 'invalid mbulk count',
  'unauthenticated multibulk length': 'unauth mbulk count',
  'unauthenticated bulk length': 'unauth bulk length',
  'unbalanced quotes in request': 'unbalanced quotes in inline request',
};

/**
 * @param error the reader's, such as `Protocol error: invalid bulk length`
 * @param input what of the client's bytes has not been run
 */
export function describeProtocolError(
  error: string,
  client: Client,
  input: Buffer,
  nowMs: number,
): string {
  const told = error.replace(/^Protocol error: /, '');
  const cause = told.startsWith('expected')
    ? 'expected $ but got something else'
    : (CAUSES[told] ?? told);
  return (
    `Protocol error (${cause}) from client: ${clientInfo(client, nowMs)}. ` +
    `Query buffer during protocol error: ${sample(input)}`
  );
}

function sample(input: Buffer): string {
  if (input.length < SHOWN_BYTES) return `'${printable(input)}'`;
  const half = SHOWN_BYTES / 2;
  const head = printable(input.subarray(0, half));
  const tail = printable(input.subarray(-half));
  return `'${head}' (... more ${input.length - SHOWN_BYTES} bytes ...) '${tail}'`;
}

function printable(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[^ -~]/g, '.');
}

/** @param input all bytes that wait to be run */
export function describeQueryBufferLimit(client: Client, input: Buffer, nowMs: number): string {
  return (
    `Closing client that reached max query buffer length: ${clientInfo(client, nowMs)} ` +
    `(qbuf initial bytes: ${quoteBytes(input.subarray(0, SHOWN_INITIAL_BYTES))})`
  );
}
