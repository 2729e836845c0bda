/** Commands that `enable-debug-command` and `enable-module-command` allow: to nobody, to all, or to
 * clients of this machine. */
import { Refusal } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';

/** @throws Refusal unless the client may use what `directive` guards. @param name in capitals */
export function requireAllowed(
  { client, server }: Call,
  name: string,
  directive: 'enable-debug-command' | 'enable-module-command',
): void {
  const who = server.config.values[directive];
  if (who === 'yes' || (who === 'local' && client.isLocal)) return;
  throw new Refusal(
    `ERR ${name} command not allowed. If the ${directive} option is set to "local", you can run it ` +
      'from a local connection, otherwise you need to set this option in the configuration file, ' +
      'and then restart the server.',
  );
}
