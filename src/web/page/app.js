/** The page: views by the address's hash, figures every second, login when the server asks for it. */
import { chart } from './charts.js';
import { ApiError, ask, bytesElement, el, post, table } from './dom.js';
import * as format from './format.js';
import { showKeys, showTop } from './keys.js';

const REFRESH_MS = 1000;
const SLOW_REFRESH_MS = 3000;
const HISTORY_LENGTH = 600;

const main = byId('main');
const status = byId('status');
const login = /** @type {HTMLDialogElement} */ (byId('login'));

/** @type {Record<string, (main: HTMLElement) => void>} */
const VIEWS = {
  overview: showOverview,
  keys: (main) => showKeys(main, failed),
  top: (main) => showTop(main, failed),
  slow: showSlowLog,
  clients: showClients,
};

/** @type {any[]} */
let history = [];
let timer = 0;

/** @param {string} id */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

// ---- views

function route() {
  clearTimeout(timer);
  const name = location.hash.slice(1) || 'overview';
  for (const link of byId('views').querySelectorAll('a')) {
    if (link.hash === `#${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  main.replaceChildren();
  (VIEWS[name] ?? showOverview)(main);
}

/**
 * Shows something anew every so often, until another view is chosen.
 * @param {number} ms
 * @param {() => Promise<void>} show
 */
function repeat(ms, show) {
  const view = location.hash;
  const again = async () => {
    try {
      await show();
      status.textContent = '';
    } catch (error) {
      failed(error);
    }
    if (location.hash === view && !login.open) timer = window.setTimeout(again, ms);
  };
  again();
}

function showOverview() {
  history = [];
  repeat(REFRESH_MS, async () => {
    const { info, history: more } = await ask('overview', { since: history.at(-1)?.time ?? 0 });
    history = [...history, ...more].slice(-HISTORY_LENGTH);
    if ((location.hash || '#overview') !== '#overview') return;
    const { server = {}, clients = {}, memory = {}, stats = {} } = info;
    byId('server').textContent =
      `${server.redis_version ?? ''} · port ${server.tcp_port ?? '–'} · up ${format.duration(Number(server.uptime_in_seconds ?? 0))}`;
    main.replaceChildren(
      figures(info, clients, memory, stats),
      curves(),
      commands(info),
      keyspace(info),
    );
  });
}

/**
 * @param {any} info
 * @param {any} clients
 * @param {any} memory
 * @param {any} stats
 */
function figures(info, clients, memory, stats) {
  const now = history.at(-1);
  const keys = Object.values(info.keyspace ?? {}).reduce(
    (sum, text) => sum + Number(/keys=(\d+)/.exec(String(text))?.[1] ?? 0),
    0,
  );
  const hits = Number(stats.keyspace_hits ?? 0);
  const lookups = hits + Number(stats.keyspace_misses ?? 0);
  const limit = Number(memory.maxmemory ?? 0);
  /** @type {[string, string, string][]} */
  const all = [
    [
      'Commands a second',
      now ? format.count(now.commandsPerSecond) : '–',
      `${format.count(Number(stats.total_commands_processed ?? 0))} in all`,
    ],
    [
      'Mean time of a command',
      now ? format.usec(now.usecPerCommand) : '–',
      now ? `${format.percent(now.cpu)} of a core` : '',
    ],
    [
      'Memory',
      format.bytes(Number(memory.used_memory ?? 0)),
      limit > 0
        ? `of ${format.bytes(limit)}`
        : `peak ${format.bytes(Number(memory.used_memory_peak ?? 0))}`,
    ],
    [
      'Keys',
      format.count(keys),
      `${format.count(Number(stats.expired_keys ?? 0))} expired, ${format.count(Number(stats.evicted_keys ?? 0))} evicted`,
    ],
    [
      'Hit rate',
      format.percent(lookups > 0 ? hits / lookups : null),
      `${format.count(lookups)} lookups`,
    ],
    ['Clients', clients.connected_clients ?? '–', `${clients.blocked_clients ?? 0} blocked`],
  ];
  return el(
    'dl',
    { class: 'figures' },
    ...all.map(([name, value, more]) =>
      el('div', {}, el('dt', {}, name), el('dd', {}, value, el('small', {}, more))),
    ),
  );
}

function curves() {
  const times = history.map(({ time }) => time);
  const of = (/** @type {string} */ name) => history.map((moment) => moment[name]);
  return el(
    'div',
    { class: 'panels' },
    panel(
      'Throughput',
      chart('Commands a second', times, [of('commandsPerSecond')], format.count),
      ['commands a second'],
    ),
    panel('Latency', chart('Mean time of a command', times, [of('usecPerCommand')], format.usec), [
      'mean time of a command',
    ]),
    panel(
      'Memory',
      chart('Memory', times, [of('usedBytes'), of('residentBytes')], format.bytes, 1024),
      ['used', 'resident'],
    ),
    panel(
      'Hit rate',
      chart('Share of lookups that found their key', times, [of('hitRate')], format.percent),
      ['keys found'],
    ),
    panel(
      'Network',
      chart(
        'Bytes a second',
        times,
        [of('inBytesPerSecond'), of('outBytesPerSecond')],
        format.bytes,
      ),
      ['in a second', 'out a second'],
    ),
    panel('Clients', chart('Connected clients', times, [of('clients')], format.count), [
      'connected',
    ]),
  );
}

/**
 * @param {string} title
 * @param {Node} content
 * @param {string[]} legend
 */
function panel(title, content, legend) {
  const names = legend.flatMap((name, i) => [
    el('b', { class: i === 0 ? '' : 'second' }, '━ '),
    `${name}   `,
  ]);
  return el(
    'section',
    { class: 'panel' },
    el('h2', {}, title),
    content,
    el('p', { class: 'legend' }, ...names),
  );
}

/** @param {any} info */
function commands(info) {
  const rows = Object.entries(info.commandstats ?? {})
    .map(([name, text]) => {
      const part = (/** @type {string} */ key) =>
        Number(new RegExp(`${key}=([\\d.]+)`).exec(String(text))?.[1] ?? 0);
      return {
        name: name.replace('cmdstat_', ''),
        calls: part('calls'),
        usec: part('usec'),
        each: part('usec_per_call'),
        failed: part('failed_calls') + part('rejected_calls'),
      };
    })
    .sort((a, b) => b.usec - a.usec)
    .slice(0, 12)
    .map(({ name, calls, usec, each, failed }) => [
      name,
      format.count(calls),
      format.usec(usec),
      format.usec(each),
      String(failed),
    ]);
  return el(
    'section',
    { class: 'panel below' },
    el('h2', {}, 'Commands by time'),
    table(
      [
        ['Command', ''],
        ['Calls', 'number'],
        ['Time', 'number'],
        ['Each', 'number'],
        ['Errors', 'number'],
      ],
      rows,
      'No command has been run.',
    ),
  );
}

/** @param {any} info */
function keyspace(info) {
  const rows = Object.entries(info.keyspace ?? {}).map(([name, text]) => {
    const part = (/** @type {string} */ key) =>
      /** @type {string} */ (new RegExp(`${key}=(\\d+)`).exec(String(text))?.[1] ?? '0');
    return [name, part('keys'), part('expires')];
  });
  return el(
    'section',
    { class: 'panel below' },
    el('h2', {}, 'Databases'),
    table(
      [
        ['Database', ''],
        ['Keys', 'number'],
        ['With a time to live', 'number'],
      ],
      rows,
      'There are no keys.',
    ),
  );
}

function showSlowLog() {
  repeat(SLOW_REFRESH_MS, async () => {
    const entries = await ask('slowlog');
    const rows = entries.map((/** @type {any} */ entry) => [
      new Date(entry.time * 1000).toLocaleString(),
      format.usec(entry.usec),
      el(
        'span',
        {},
        ...entry.command.flatMap((/** @type {any} */ arg) => [bytesElement(arg), ' ']),
      ),
      `${entry.address} ${entry.name}`,
    ]);
    if (location.hash !== '#slow') return;
    main.replaceChildren(
      el(
        'section',
        { class: 'panel' },
        el('h2', {}, 'Slow log'),
        table(
          [
            ['When', ''],
            ['Took', 'number'],
            ['Command', ''],
            ['Client', ''],
          ],
          rows,
          'No command has been slow.',
        ),
      ),
    );
  });
}

function showClients() {
  repeat(SLOW_REFRESH_MS, async () => {
    const clients = await ask('clients');
    const rows = clients.map((/** @type {any} */ client) => [
      client.id,
      client.addr,
      client.name,
      client.user,
      `db${client.db}`,
      client.cmd,
      format.duration(Number(client.idle)),
      format.duration(Number(client.age)),
      format.bytes(Number(client['tot-mem'])),
      `${client['lib-name'] ?? ''} ${client['lib-ver'] ?? ''}`,
    ]);
    if (location.hash !== '#clients') return;
    main.replaceChildren(
      el(
        'section',
        { class: 'panel' },
        el('h2', {}, `${rows.length} clients`),
        table(
          [
            ['ID', 'number'],
            ['Address', ''],
            ['Name', ''],
            ['User', ''],
            ['Database', ''],
            ['Last command', ''],
            ['Idle', 'number'],
            ['Age', 'number'],
            ['Memory', 'number'],
            ['Library', ''],
          ],
          rows,
          'There are no clients.',
        ),
      ),
    );
  });
}

// ---- login

/** @param {unknown} error */
function failed(error) {
  if (error instanceof ApiError && error.status === 401) {
    clearTimeout(timer);
    if (!login.open) login.showModal();
    return;
  }
  status.textContent = error instanceof Error ? error.message : String(error);
}

byId('login-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
  try {
    const session = await post('login', { user: data.get('user'), password: data.get('password') });
    byId('login-error').textContent = '';
    login.close();
    showUser(session);
    route();
  } catch (error) {
    byId('login-error').textContent = error instanceof Error ? error.message : String(error);
  }
});

byId('logout').addEventListener('click', async () => {
  await post('logout', {}).catch(failed);
  byId('logout').hidden = true;
  begin();
});

/** @param {any} session */
function showUser({ user, isLoggedIn }) {
  const button = byId('logout');
  button.textContent = `Log out ${user}`;
  button.hidden = !isLoggedIn;
}

// ---- dark and light

byId('theme').addEventListener('click', () => {
  setTheme(document.documentElement.dataset['theme'] === 'dark' ? 'light' : 'dark');
});

/** @param {string} theme */
function setTheme(theme) {
  document.documentElement.dataset['theme'] = theme;
  localStorage.setItem('theme', theme);
}

// ---- start

async function begin() {
  try {
    const session = await ask('session');
    if (session.needsLogin) {
      main.replaceChildren();
      login.showModal();
      return;
    }
    showUser(session);
    route();
  } catch (error) {
    failed(error);
  }
}

const system = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
setTheme(localStorage.getItem('theme') ?? system);
login.addEventListener('cancel', (event) => event.preventDefault());
window.addEventListener('hashchange', () => {
  route();
  main.focus();
});
begin();
