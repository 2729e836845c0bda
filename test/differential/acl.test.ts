/**
 * Access control beside a real redis-server: the same seeded users on both, and both must say the
 * same of them and allow them the same.
 *
 *     random rules -> ACL SETUSER on both: the same answer
 *                  -> ACL LIST, GETUSER: the same user      (how 7.0 shows commands differs: 7.2 alone)
 *                  -> ACL DRYRUN of every command: the same answer
 *                  -> some commands sent as that user: refused on both or on neither
 *
 * DIFF_SEED chooses other users; REDIS_SERVER names another redis-server.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { allCommands } from '../../src/commands/index.js';
import { createServer, type RespdServer } from '../../src/index.js';
import {
  describeWithRedis,
  type RealRedis,
  redisVersion,
  startRealRedis,
} from '../support/real-redis.js';
import { type Arg, type Reply, RespClient, showReply } from '../support/resp-client.js';
import { type Form, formsOf, isSince } from './forms.js';
import { Random } from './random.js';
import { RequestGenerator } from './requests.js';
import { Values } from './values.js';

const SEED = Number(process.env.DIFF_SEED || 20_180_614);
const USERS = 60;
/** Of the groups whose commands do nothing but to data. */
const DATA_GROUPS = new Set(
  'bitmap geo hash hyperloglog list set sorted-set stream string'.split(' '),
);
const COMMON_WORDS = [
  ...['on', 'off', 'nopass', '>secret', '>other', '<secret', 'resetpass', 'reset', 'RESETKEYS'],
  ...['~*', 'allkeys', 'resetkeys', '~string:*', '%R~list:[0-2]', '%W~hash:*', '%RW~set:1', '~'],
  ...['%r~sorted-set:?', '%wr~*:3', '~geo:\\*', '%X~a', '%R~', '%~a', '~a b', '~stream:[^1]'],
  ...['&*', 'allchannels', 'resetchannels', '&news.*', '&news.1', '&a b', '&', 'nonsense', ''],
  ...['+@all', '-@all', 'allcommands', 'nocommands', '+@nosuch', '+nosuch', '-nosuch', '+', '-@'],
  ...[
    '+select|0',
    '+SELECT|1',
    '-select|0',
    '+config|get|x',
    '+config|',
    '+get|',
    '+client|nosuch',
  ],
  ...['(', ')', '()', '(+get ~string:*)', '(%R~list:* +@list -lpush)', '( +set', '~set:* )', '(&x'],
  ...['clearselectors', 'sanitize-payload', 'skip-sanitize-payload', '#abc', '!abc'],
  `#${'0f'.repeat(32)}`,
  `!${'0f'.repeat(32)}`,
];

describeWithRedis('users of respd and of a real redis-server', () => {
  const version = redisVersion() ?? '';
  const isNew = isSince(version, '7.2');
  let respd: RespdServer;
  let redis: RealRedis;
  let ours: RespClient;
  let theirs: RespClient;
  /** Commands that both have. */
  let forms: Form[];
  /** Words for rules on commands and categories. */
  let commandWords: string[];

  beforeAll(async () => {
    respd = await createServer();
    redis = await startRealRedis();
    ours = await RespClient.connect(respd.port);
    theirs = await redis.connect();
    const known = new Set(await namesIn(theirs, 'COMMAND', 'LIST'));
    const categories = await namesIn(ours, 'ACL', 'CAT');
    for (const category of categories) {
      for (const name of await namesIn(theirs, 'ACL', 'CAT', category)) known.add(name);
    }
    forms = formsOf(allCommands).filter(({ name }) => known.has(name));
    commandWords = [...forms.map(({ name }) => name), ...categories.map((name) => `@${name}`)];
  });

  afterAll(async () => {
    ours?.close();
    theirs?.close();
    await respd?.close();
    await redis?.stop();
  });

  async function both(...args: Arg[]): Promise<[ours: Reply, theirs: Reply]> {
    return Promise.all([ours.send(...args), theirs.send(...args)]);
  }

  it('finds the same commands in each category', async () => {
    const shared = new Set(forms.map(({ name }) => name));
    expect((await namesIn(ours, 'ACL', 'CAT')).sort()).toEqual(
      (await namesIn(theirs, 'ACL', 'CAT')).sort(),
    );
    for (const category of await namesIn(theirs, 'ACL', 'CAT')) {
      const [mine, other] = await both('ACL', 'CAT', category);
      const listed = (reply: Reply) =>
        textsOf(reply)
          .filter((name) => shared.has(name))
          .sort();
      expect(listed(mine), category).toEqual(listed(other));
    }
  });

  it(`answers alike to rules, shows users alike and allows them the same (seed ${SEED})`, async () => {
    const random = new Random(SEED);
    const groups = [...DATA_GROUPS] as ConstructorParameters<typeof Values>[1];
    const generator = new RequestGenerator(random, new Values(random, groups, 5, 20), version);
    const ping = () => [Buffer.from('PING')];
    for (let i = 0; i < USERS; i++) {
      const name = `user${i}`;
      for (let round = 0; round < 4; round++) {
        const rules = randomRules(random, commandWords);
        const [mine, other] = await both('ACL', 'SETUSER', name, ...rules);
        // 7.0 names the last selector that was begun, not the first.
        const told = (reply: Reply) =>
          isNew ? showReply(reply) : showReply(reply).replace(/(selector starting at ').*/, '$1');
        expect(told(mine), rules.join(' | ')).toBe(told(other));
      }
      const [mine, other] = await both('ACL', 'GETUSER', name);
      expect(shown(mine, isNew)).toBe(shown(other, isNew));
      if (isNew) {
        const [myList, otherList] = await both('ACL', 'LIST');
        expect(showReply(myList)).toBe(showReply(otherList));
      }
      if (showReply(mine).includes('nil')) continue;

      const requests = forms.map((form) => generator.request(form, ping));
      const asked = requests.map((request) => ['ACL', 'DRYRUN', name, ...request]);
      const [myAnswers, otherAnswers] = await Promise.all([
        ours.pipeline(asked),
        theirs.pipeline(asked),
      ]);
      asked.forEach((question, q) => {
        const answer = verdict(otherAnswers[q]!.reply);
        if (!isNew && ARITY.test(answer)) return;
        expect(verdict(myAnswers[q]!.reply), question.map(String).join(' ')).toBe(answer);
      });
    }
  }, 30_000);

  it(`refuses the same commands (seed ${SEED})`, async () => {
    const random = new Random(SEED + 1);
    const groups = [...DATA_GROUPS] as ConstructorParameters<typeof Values>[1];
    const generator = new RequestGenerator(random, new Values(random, groups, 5, 20), version);
    const data = forms.filter(
      ({ spec }) =>
        DATA_GROUPS.has(spec.group) &&
        !spec.flags.includes('blocking') &&
        !spec.flags.includes('admin'),
    );
    const ping = () => [Buffer.from('PING')];
    for (let i = 0; i < USERS / 3; i++) {
      const rules = ['reset', 'on', 'nopass', '+auth'];
      while (rules.length < 12) rules.push(workingRule(random, commandWords));
      const [mine, other] = await both('ACL', 'SETUSER', 'worker', ...rules);
      expect(showReply(mine)).toBe(showReply(other));
      const requests = data.map((form) => generator.request(form, ping));
      const commands = [['AUTH', 'worker', 'x'], ...requests, ['AUTH', 'default', 'x']];
      const [myAnswers, otherAnswers] = await Promise.all([
        ours.pipeline(commands),
        theirs.pipeline(commands),
      ]);
      commands.forEach((command, c) => {
        const { reply } = otherAnswers[c]!;
        if (!isNew && ARITY.test(showReply(reply))) return;
        const question = `${rules.join(' ')}: ${command.join(' ')}`;
        expect(isRefusal(myAnswers[c]!.reply), question).toBe(isRefusal(reply));
      });
      const [myLog, otherLog] = await both('ACL', 'LOG', '1000');
      if (isNew) expect(deniedOf(myLog)).toEqual(deniedOf(otherLog));
      await both('ACL', 'LOG', 'RESET');
    }
  }, 30_000);
});

/** Of a form of the command that 7.0 doesn't know. */
const ARITY = /wrong number of arguments/;

function randomRules(random: Random, commandWords: readonly string[]): string[] {
  const rules: string[] = [];
  const count = random.between(1, 6);
  for (let i = 0; i < count; i++) {
    rules.push(random.chance(0.4) ? random.pick(COMMON_WORDS) : workingRule(random, commandWords));
  }
  return rules;
}

/** A rule that is right, if it is not too late for it. */
function workingRule(random: Random, commandWords: readonly string[]): string {
  if (random.chance(0.75)) {
    const word = random.pick(commandWords);
    return `${random.chance(0.65) ? '+' : '-'}${random.chance(0.2) ? word.toUpperCase() : word}`;
  }
  return random.pick(['resetkeys', '~string:*', '%R~list:*', '%W~set:[1-3]', '~*:2', '%RW~hash:*']);
}

async function namesIn(client: RespClient, ...command: string[]): Promise<string[]> {
  return textsOf(await client.send(...command));
}

function textsOf(reply: Reply): string[] {
  if (reply.kind !== 'array') throw new Error(showReply(reply));
  return reply.items.map((item) =>
    item.kind === 'bulk' ? item.bytes.toString() : showReply(item),
  );
}

/** A user as GETUSER shows it, but for what 7.0 shows otherwise. */
function shown(reply: Reply, isNew: boolean): string {
  const text = showReply(reply);
  if (isNew) return text;
  return text.replaceAll(/[+-]@all[^"]*/g, 'commands').replace(/ ?"sanitize-payload"/, '');
}

/** DRYRUN's answer; 7.0 begins its sentences otherwise, and shows no NUL bytes. */
function verdict(reply: Reply): string {
  const text = showReply(reply).replace(/(This user|User \S+) has no/, 'no');
  return text.replace(/\\u0000.*'/, "'");
}

function isRefusal(reply: Reply): boolean {
  return reply.kind === 'error' && reply.text.startsWith('NOPERM');
}

/** What was refused, and why, from ACL LOG. */
function deniedOf(reply: Reply): string[] {
  if (reply.kind !== 'array') throw new Error(showReply(reply));
  return reply.items.map((entry) => {
    const fields = textsOf(entry);
    const value = (name: string) => fields[fields.indexOf(name) + 1];
    return ['count', 'reason', 'context', 'object', 'username'].map(value).join(' ');
  });
}
