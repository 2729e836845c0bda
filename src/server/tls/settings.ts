/**
 * What the tls-* directives say, as Node's options for a server and for outgoing connections.
 *
 *     files ──read and checked──> SecureContextOptions ──┬─> serverOptions   (tls-port)
 *     protocols, ciphers ────────────────────────────────┴─> clientOptions   (master, cluster bus)
 *
 * Everything is read and tried out before anything of it is used, so a server that can't use its new
 * certificates keeps its old ones. What is wrong is said in Redis's order and words.
 *
 * Two of Node's kindnesses must be declined: without `ca` it trusts every public authority in the
 * world (which would let in anybody with a certificate of any of them), and from a list of ciphers
 * that names only some of TLS 1.2 it concludes that TLS 1.3 is not wanted. So both are always given.
 *
 * Source: https://redis.io/docs/latest/operate/oss_and_stack/management/security/encryption/ and
 * tlsConfigure in Redis's tls.c.
 */
import { constants } from 'node:crypto';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import {
  type ConnectionOptions,
  createSecureContext,
  type SecureContextOptions,
  type TlsOptions,
} from 'node:tls';
import type { DirectiveValues } from '../config/directives.js';
import {
  errorWords,
  readAuthorities,
  readDhParameters,
  readPem,
  TlsConfigError,
} from './pem-files.js';

/** Each version's name in `tls-protocols`, and the option that switches it off. */
const PROTOCOLS: Readonly<Record<string, number>> = {
  tlsv1: constants.SSL_OP_NO_TLSv1,
  'tlsv1.1': constants.SSL_OP_NO_TLSv1_1,
  'tlsv1.2': constants.SSL_OP_NO_TLSv1_2,
  'tlsv1.3': constants.SSL_OP_NO_TLSv1_3,
};
const DEFAULT_PROTOCOLS = 'TLSv1.2 TLSv1.3';
/** OpenSSL's own choices. */
const DEFAULT_CIPHERS = 'DEFAULT';
const DEFAULT_SUITES = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';

/** A certificate and its key, by the paths in the configuration. */
interface Identity {
  readonly certFile: string;
  readonly keyFile: string;
  readonly passphrase: string | null;
}

/** Options of a `tls.Server`, but for `clientAuth`. @throws TlsConfigError */
export function serverOptions(values: DirectiveValues): TlsOptions {
  const identity = serverIdentity(values);
  const needsAuthorities =
    values['tls-auth-clients'] !== 'no' || values['tls-cluster'] || values['tls-replication'];
  if (needsAuthorities && !hasAuthorities(values)) {
    throw new TlsConfigError(
      'Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, ' +
        'tls-replication or tls-auth-clients are enabled!',
    );
  }
  const options: TlsOptions = {
    ...contextOptions(values, identity),
    honorCipherOrder: values['tls-prefer-server-ciphers'],
  };
  options.secureOptions! |= constants.SSL_OP_NO_RENEGOTIATION;
  if (values['tls-session-caching']) {
    // Node takes 0 for its default, too; OpenSSL for a session that has ended already.
    options.sessionTimeout = Math.max(1, values['tls-session-cache-timeout']);
  } else {
    options.secureOptions! |= constants.SSL_OP_NO_TICKET;
  }
  options.dhparam = dhParameters(values, options);
  // As in Redis, a certificate for outgoing connections that can't be used is found now, not later.
  if (values['tls-client-cert-file'] && values['tls-client-key-file']) {
    contextOptions(values, clientIdentity(values));
  }
  return options;
}

/** What clients must show. With `optional`, what is shown has to be good: see the acceptor. */
export function clientAuth(
  values: DirectiveValues,
): Pick<TlsOptions, 'requestCert' | 'rejectUnauthorized'> {
  const mode = values['tls-auth-clients'];
  return { requestCert: mode !== 'no', rejectUnauthorized: mode === 'yes' };
}

/**
 * Options of `tls.connect` for links to other servers: the master, or nodes of a cluster. The other
 * side must show a certificate of a known authority; like Redis, we don't ask for whom it was made.
 * @param host name or address that is connected to
 * @throws TlsConfigError
 */
export function clientOptions(values: DirectiveValues, host: string): ConnectionOptions {
  const hasOwn = values['tls-client-cert-file'] && values['tls-client-key-file'];
  return {
    ...contextOptions(values, hasOwn ? clientIdentity(values) : serverIdentity(values)),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: true,
    checkServerIdentity: () => undefined,
  };
}

function hasAuthorities(values: DirectiveValues): boolean {
  return Boolean(values['tls-ca-cert-file'] || values['tls-ca-cert-dir']);
}

function serverIdentity(values: DirectiveValues): Identity {
  const certFile = values['tls-cert-file'];
  const keyFile = values['tls-key-file'];
  if (!certFile) throw new TlsConfigError('No tls-cert-file configured!');
  if (!keyFile) throw new TlsConfigError('No tls-key-file configured!');
  return { certFile, keyFile, passphrase: values['tls-key-file-pass'] };
}

function clientIdentity(values: DirectiveValues): Identity {
  return {
    certFile: values['tls-client-cert-file']!,
    keyFile: values['tls-client-key-file']!,
    passphrase: values['tls-client-key-file-pass'],
  };
}

/** What both sides of a connection need, tried out piece by piece. */
function contextOptions(values: DirectiveValues, identity: Identity): SecureContextOptions {
  const { certFile, keyFile, passphrase } = identity;
  const at = (path: string) => resolve(values.dir, path);
  const options: SecureContextOptions = { ca: [] };
  const take = (more: SecureContextOptions, failure: string) => {
    Object.assign(options, more);
    tryOut(options, failure);
  };

  options.minVersion = 'TLSv1';
  options.maxVersion = 'TLSv1.3';
  options.secureOptions = protocolOptions(values['tls-protocols']);
  const certFailure = `Failed to load certificate: ${certFile}`;
  take({ cert: readPem(at(certFile), certFailure) }, certFailure);
  const keyFailure = `Failed to load private key: ${keyFile}`;
  take({ key: readPem(at(keyFile), keyFailure), passphrase: passphrase ?? '' }, keyFailure);
  const caFile = values['tls-ca-cert-file'];
  const caDir = values['tls-ca-cert-dir'];
  options.ca = readAuthorities(caFile ? at(caFile) : null, caDir ? at(caDir) : null);
  const ciphers = cipherList(values['tls-ciphers'], DEFAULT_CIPHERS, false);
  take({ ciphers }, `Failed to configure ciphers: ${values['tls-ciphers']}`);
  const suites = cipherList(values['tls-ciphersuites'], DEFAULT_SUITES, true);
  const suitesFailure = `Failed to configure ciphersuites: ${values['tls-ciphersuites']}`;
  take({ ciphers: `${ciphers}:${suites}` }, suitesFailure);
  return options;
}

/** Has OpenSSL look at the options. @param failure how the log's line begins */
function tryOut(options: SecureContextOptions, failure: string): void {
  try {
    createSecureContext(options);
  } catch (error) {
    const isOfCiphers = failure.startsWith('Failed to configure');
    throw new TlsConfigError(isOfCiphers ? failure : `${failure}: ${errorWords(error)}`);
  }
}

/**
 * Node takes one list for all versions and tells suites of TLS 1.3 by their names, so a name in the
 * wrong directive must not get through.
 */
function cipherList(text: string | null, fallback: string, isOfSuites: boolean): string {
  const words = (text || fallback).split(/[:, ]/).filter((word) => word !== '');
  const own = words.filter((word) => word.startsWith('TLS_') === isOfSuites);
  if (own.length > 0 && (!isOfSuites || own.length === words.length)) return own.join(':');
  const directive = isOfSuites ? 'ciphersuites' : 'ciphers';
  throw new TlsConfigError(`Failed to configure ${directive}: ${text}`);
}

/** Options that switch off each version that `tls-protocols` doesn't name. */
function protocolOptions(text: string | null): number {
  let options = constants.SSL_OP_NO_COMPRESSION;
  for (const option of Object.values(PROTOCOLS)) options |= option;
  for (const name of (text || DEFAULT_PROTOCOLS).split(' ')) {
    const option = PROTOCOLS[name.toLowerCase()];
    if (option === undefined) {
      throw new TlsConfigError(
        "Invalid tls-protocols specified. Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and " +
          "'TLSv1.3'.",
      );
    }
    options &= ~option;
  }
  return options;
}

function dhParameters(values: DirectiveValues, options: TlsOptions): string {
  const file = values['tls-dh-params-file'];
  if (!file) return 'auto';
  const dhparam = readDhParameters(resolve(values.dir, file));
  try {
    createSecureContext({ ...options, dhparam });
  } catch (error) {
    throw new TlsConfigError(`Failed to load DH params file: ${file}: ${errorWords(error)}`);
  }
  return dhparam;
}
