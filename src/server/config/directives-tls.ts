/** Encrypted connections: certificates, what clients must show, and which ciphers are used. */
import { INT_MAX } from './c-numbers.js';
import { integer, oneOf, optionalText, yesNo } from './kinds-scalar.js';

export const tlsDirectives = {
  'tls-port': integer({ min: 0, max: 65535 }, 0, {
    about: 'Port to listen on for TLS. 0 opens none.',
  }),
  'tls-cert-file': optionalText({
    about: 'Certificate (PEM) that the server shows.',
    alwaysApplies: true,
  }),
  'tls-key-file': optionalText({
    about: 'Private key (PEM) of this certificate.',
    alwaysApplies: true,
  }),
  'tls-key-file-pass': optionalText({
    about: 'Password of this key.',
  }),
  'tls-client-cert-file': optionalText({
    about: 'Certificate for outgoing connections. "" takes the one of the server.',
    alwaysApplies: true,
  }),
  'tls-client-key-file': optionalText({
    about: 'Private key of this certificate.',
    alwaysApplies: true,
  }),
  'tls-client-key-file-pass': optionalText({
    about: 'Password of this key.',
  }),
  'tls-dh-params-file': optionalText({
    about: 'Parameters for Diffie-Hellman key exchange, for old clients.',
    alwaysApplies: true,
  }),
  'tls-ca-cert-file': optionalText({
    about: 'Certificates of the authorities that clients and peers are checked by.',
    alwaysApplies: true,
  }),
  'tls-ca-cert-dir': optionalText({
    about: 'Directory of such certificates.',
    alwaysApplies: true,
  }),
  'tls-auth-clients': oneOf(['no', 'yes', 'optional'], 'yes', {
    about: 'Whether clients must, may (optional) or need not show a certificate.',
  }),
  'tls-replication': yesNo('no', {
    about: 'Use TLS to the master.',
  }),
  'tls-cluster': yesNo('no', {
    about: 'Use TLS on the cluster bus.',
  }),
  'tls-protocols': optionalText({
    about: 'Versions of TLS to speak, such as "TLSv1.2 TLSv1.3". "" takes the usual ones.',
  }),
  'tls-ciphers': optionalText({
    about: 'Ciphers for TLS 1.2, as OpenSSL lists them.',
  }),
  'tls-ciphersuites': optionalText({
    about: 'Ciphers for TLS 1.3.',
  }),
  'tls-prefer-server-ciphers': yesNo('no', {
    about: "Choose by the server's order of ciphers, not the client's.",
  }),
  'tls-session-caching': yesNo('yes', {
    about: 'Let clients resume sessions, which saves work when they connect again.',
  }),
  'tls-session-cache-size': integer({ min: 0, max: INT_MAX }, 20480, {
    about: 'How many sessions are remembered. 0 is no limit.',
  }),
  'tls-session-cache-timeout': integer({ min: 0, max: INT_MAX }, 300, {
    about: 'Seconds for which a session is remembered.',
  }),
};
