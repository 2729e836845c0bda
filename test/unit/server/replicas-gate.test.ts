/** min-replicas-to-write: writes are refused while too few replicas are there. */
import { afterEach, expect, test } from 'vitest';
import { type RigClient, WaitingRig } from '../../support/waiting-rig.js';

let rig: WaitingRig;
let client: RigClient;
afterEach(() => rig.close());

const REFUSED = '-NOREPLICAS Not enough good replicas to write.';

function ask(...requests: string[]): Promise<string> {
  return rig.ask(client, ...requests);
}

test('refuses writes, and transactions with writes in them, but nothing else', async () => {
  rig = new WaitingRig({ 'min-replicas-to-write': 1 });
  client = rig.connect();
  expect(await ask('SET k v', 'GET k', 'PUBLISH c m')).toBe(`${REFUSED} $-1 :0`);
  expect(await ask('MULTI', 'SET k v', 'EXEC')).toBe(
    `+OK ${REFUSED} -EXECABORT Transaction discarded because of previous errors.`,
  );
  expect(await ask(`EVAL "return redis.call('GET', 'k')" 0`)).toBe('$-1');
  expect(await ask(`EVAL "#!lua\\nreturn 1" 0`)).toBe(REFUSED);
  expect(await ask(`EVAL "return redis.call('SET', 'k', 'v')" 0`)).toMatch(
    /^-NOREPLICAS Not enough good replicas to write\. script: /,
  );
});

test('is switched at run time, by either directive', async () => {
  rig = new WaitingRig();
  client = rig.connect();
  expect(await ask('SET k v', 'CONFIG SET min-replicas-to-write 1', 'SET k v')).toBe(
    `+OK +OK ${REFUSED}`,
  );
  expect(await ask('CONFIG SET min-replicas-max-lag 0', 'SET k v')).toBe('+OK +OK');
});
