/**
 * Reading certificates and keys from files, with OpenSSL's words for what is wrong with them.
 *
 * A server must say why it can't use a file, or an administrator is left to guess. Node tells what
 * OpenSSL said of a key or a certificate, but passes over an authority's file without a certificate
 * and over broken Diffie-Hellman parameters in silence; so those are looked at here.
 */
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorText } from '../../text/system-error.js';

/** TLS can't be set up; the message is a line for the log. */
export class TlsConfigError extends Error {
  override readonly name = 'TlsConfigError';
}

const NO_START_LINE = 'error:0480006C:PEM routines::no start line';
const NO_CERTIFICATE = 'error:05800088:x509 certificate routines::no certificate or crl found';
const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+?-----END [^-]+-----/g;
const DH_PARAMETERS = /-----BEGIN (?:X9\.42 )?DH PARAMETERS-----([\s\S]+?)-----END/;
/** How `openssl rehash` names a certificate, which is how OpenSSL finds one in a directory. */
const HASHED_NAME = /^[0-9a-f]{8}\.\d+$/;
/** What a DER file of parameters begins with. */
const DER_SEQUENCE = 0x30;

/**
 * The text of a certificate's or a key's file.
 * @param failure how the log's line begins
 * @throws TlsConfigError
 */
export function readPem(path: string, failure: string): string {
  const text = readText(path, failure);
  // Node takes nothing for no certificate at all.
  if (text.trim() === '') throw new TlsConfigError(`${failure}: ${NO_START_LINE}`);
  return text;
}

function readText(path: string, failure: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    throw new TlsConfigError(`${failure}: ${errorWords(error)}`);
  }
}

/**
 * The certificates of authorities, from a file, a directory, or both.
 * @throws TlsConfigError
 */
export function readAuthorities(file: string | null, directory: string | null): string[] {
  const failure = 'Failed to configure CA certificate(s) file/directory';
  const found: string[] = [];
  const paths = file === null ? [] : [file];
  if (directory !== null) paths.push(...hashedFiles(directory, failure));
  for (const path of paths) found.push(...certificatesOf(readText(path, failure), failure));
  return found;
}

function hashedFiles(directory: string, failure: string): string[] {
  try {
    const names = readdirSync(directory).filter((name) => HASHED_NAME.test(name));
    return names.sort().map((name) => join(directory, name));
  } catch (error) {
    throw new TlsConfigError(`${failure}: ${errorWords(error)}`);
  }
}

function certificatesOf(text: string, failure: string): string[] {
  const blocks = text.match(CERTIFICATE);
  if (blocks === null) throw new TlsConfigError(`${failure}: ${NO_CERTIFICATE}`);
  for (const block of blocks) {
    try {
      new X509Certificate(block);
    } catch (error) {
      throw new TlsConfigError(`${failure}: ${errorWords(error)}`);
    }
  }
  return blocks;
}

/** Parameters for a Diffie-Hellman exchange. @throws TlsConfigError */
export function readDhParameters(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    throw new TlsConfigError(`Failed to load ${path}: ${systemErrorText(error)}`);
  }
  const base64 = DH_PARAMETERS.exec(text)?.[1];
  if (base64 === undefined || Buffer.from(base64, 'base64')[0] !== DER_SEQUENCE) {
    throw new TlsConfigError(`${path}: failed to read DH params.`);
  }
  return text;
}

/** An error as OpenSSL would print it. */
export function errorWords(error: unknown): string {
  const { code, errno, message } = error as NodeJS.ErrnoException;
  if (typeof errno === 'number' && code !== undefined && !code.startsWith('ERR_')) {
    const number = Math.abs(errno).toString(16).toUpperCase().padStart(6, '0');
    return `error:80${number}:system library::${systemErrorText(error)}`;
  }
  return openSslWords(message);
}

/**
 * OpenSSL's own words in what Node makes of them:
 * `80DB…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../ssl3_record.c:355:`
 * is `error:0A00010B:SSL routines::wrong version number`.
 */
export function openSslWords(message: string): string {
  const parts = /(error:[0-9A-F]{8}):([^:]*):([^:]*):([^:\n]*)/.exec(message);
  return parts === null ? message : `${parts[1]}:${parts[2]}::${parts[4]}`;
}
