/** The key browser, and the biggest and hottest keys. */
import { ask, bytesElement, el, table } from './dom.js';
import * as format from './format.js';

const TYPES = ['', 'string', 'list', 'set', 'hash', 'zset', 'stream'];
const COLUMNS = {
  string: ['Value'],
  list: ['Index', 'Member'],
  set: ['Member'],
  hash: ['Field', 'Value'],
  zset: ['Member', 'Score'],
  stream: ['ID', 'Fields'],
};
/** A page of a filter that matches little may be empty: so many are asked for in a row. */
const PAGES_IN_A_ROW = 20;
const TOP = 20;

/**
 * @param {HTMLElement} main
 * @param {(error: unknown) => void} failed
 */
export function showKeys(main, failed) {
  const database = databaseField();
  const pattern = /** @type {HTMLInputElement} */ (
    el('input', { value: '*', size: 24, name: 'match' })
  );
  const type = /** @type {HTMLSelectElement} */ (
    el(
      'select',
      { name: 'type' },
      ...TYPES.map((name) => el('option', { value: name }, name || 'any')),
    )
  );
  const list = el('div', { 'aria-live': 'polite' });
  const detail = el('section', { class: 'panel', 'aria-label': 'The chosen key' });
  detail.append(el('p', { class: 'empty' }, 'Choose a key to see its value.'));
  const form = el(
    'form',
    { class: 'bar', role: 'search' },
    el('label', {}, 'Database', database),
    el('label', {}, 'Pattern', pattern),
    el('label', {}, 'Type', type),
    el('button', { type: 'submit' }, 'Find'),
  );
  const find = (/** @type {string} */ cursor) =>
    findKeys(
      list,
      detail,
      { db: database.value, match: pattern.value, type: type.value },
      cursor,
      failed,
    );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    find('0');
  });
  main.replaceChildren(
    form,
    el('div', { class: 'split' }, el('section', { class: 'panel' }, list), detail),
  );
  find('0');
}

/**
 * @param {HTMLElement} list
 * @param {HTMLElement} detail
 * @param {{ db: string, match: string, type: string }} filter
 * @param {string} from
 * @param {(error: unknown) => void} failed
 */
async function findKeys(list, detail, filter, from, failed) {
  try {
    let cursor = from;
    /** @type {any[]} */
    const keys = [];
    for (let i = 0; i < PAGES_IN_A_ROW; i++) {
      const page = await ask('keys', { ...filter, cursor });
      keys.push(...page.keys);
      cursor = page.cursor;
      if (cursor === '0' || keys.length >= 100) break;
    }
    const rows = keys.map((key) => {
      const button = el('button', { type: 'button', class: 'key' }, bytesElement(key.name));
      button.addEventListener('click', () => {
        for (const row of list.querySelectorAll('tr')) row.removeAttribute('aria-selected');
        button.closest('tr')?.setAttribute('aria-selected', 'true');
        showKey(detail, filter.db, key.key, failed);
      });
      return [button, key.type, format.ttl(key.ttlMs)];
    });
    const shown = table(
      [
        ['Key', ''],
        ['Type', ''],
        ['Time to live', ''],
      ],
      rows,
      'No key found here.',
    );
    const more = el('button', { type: 'button', disabled: cursor === '0' }, 'Next keys');
    more.addEventListener('click', () => findKeys(list, detail, filter, cursor, failed));
    list.replaceChildren(shown, el('p', { class: 'bar' }, more));
  } catch (error) {
    failed(error);
  }
}

/**
 * @param {HTMLElement} detail
 * @param {string} db
 * @param {string} key base64url
 * @param {(error: unknown) => void} failed
 */
async function showKey(detail, db, key, failed, cursor = '0') {
  try {
    const value = await ask('key', { db, key, cursor });
    const columns = COLUMNS[/** @type {keyof typeof COLUMNS} */ (value.type)] ?? [];
    const facts = [
      ['Type', value.type],
      ['Encoding', value.encoding ?? '–'],
      [value.type === 'string' ? 'Bytes of value' : 'Length', String(value.length ?? '–')],
      ['Memory', value.bytes === null ? '–' : format.bytes(value.bytes)],
      ['Time to live', format.ttl(value.ttlMs)],
    ].map(([name, text]) => el('div', {}, el('dt', {}, name), el('dd', {}, text)));
    const next = el('button', { type: 'button', disabled: !value.next }, 'Next members');
    next.addEventListener('click', () => showKey(detail, db, key, failed, value.next));
    const rows = (value.rows ?? []).map((/** @type {any[]} */ row) => row.map(bytesElement));
    detail.replaceChildren(
      el('h2', {}, bytesElement(value.name)),
      el('dl', { class: 'figures' }, ...facts),
      value.type === 'string'
        ? el('pre', { tabIndex: 0 }, ...rows.flat())
        : table(
            columns.map((title) => [title, '']),
            rows,
            'Nothing on this page.',
          ),
      value.type === 'string' ? '' : el('p', { class: 'bar' }, next),
    );
  } catch (error) {
    failed(error);
  }
}

/**
 * @param {HTMLElement} main
 * @param {(error: unknown) => void} failed
 */
export function showTop(main, failed) {
  const database = databaseField();
  const progress = el('progress', { max: 1, value: 0, hidden: true });
  const start = el('button', { type: 'submit' }, 'Look through the keys');
  const result = el('div', { class: 'panels', 'aria-live': 'polite' });
  const form = el('form', { class: 'bar' }, el('label', {}, 'Database', database), start, progress);
  const note = el(
    'p',
    { class: 'note' },
    'Reads every key with SCAN, a few at a time. Hottest: by access frequency under an LFU policy, else the last ones used.',
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    Object.assign(start, { disabled: true });
    progress.hidden = false;
    try {
      await lookThrough(database.value, progress, (keys) =>
        result.replaceChildren(...topPanels(keys)),
      );
    } catch (error) {
      failed(error);
    } finally {
      progress.hidden = true;
      Object.assign(start, { disabled: false });
    }
  });
  main.replaceChildren(form, note, result);
}

/**
 * @param {string} db
 * @param {HTMLElement} progress
 * @param {(best: { big: any[], hot: any[] }) => void} show
 */
async function lookThrough(db, progress, show) {
  const { info } = await ask('overview', { since: Date.now() });
  const total = Number(/keys=(\d+)/.exec(info.keyspace?.[`db${db}`] ?? '')?.[1] ?? 0);
  /** @type {{ big: any[], hot: any[] }} */
  let best = { big: [], hot: [] };
  let seen = 0;
  let cursor = '0';
  do {
    const page = await ask('sample', { db, cursor });
    cursor = page.cursor;
    seen += page.keys.length;
    best = {
      big: [...best.big, ...page.keys]
        .sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0))
        .slice(0, TOP),
      hot: [...best.hot, ...page.keys].sort((a, b) => heat(b) - heat(a)).slice(0, TOP),
    };
    Object.assign(progress, { value: total > 0 ? Math.min(1, seen / total) : 1 });
    show(best);
  } while (cursor !== '0' && progress.isConnected);
}

/** @param {any} key */
function heat(key) {
  return key.frequency ?? -(key.idleSeconds ?? Number.POSITIVE_INFINITY);
}

/** @param {{ big: any[], hot: any[] }} best */
function topPanels({ big, hot }) {
  const row = (/** @type {any} */ key) => [bytesElement(key.name), key.type];
  const use = (/** @type {any} */ key) => {
    if (key.frequency !== null) return `frequency ${key.frequency}`;
    return key.idleSeconds === null ? '–' : `${format.duration(key.idleSeconds)} ago`;
  };
  return [
    el(
      'section',
      { class: 'panel' },
      el('h2', {}, 'Biggest keys'),
      table(
        [
          ['Key', ''],
          ['Type', ''],
          ['Memory', 'number'],
        ],
        big.map((key) => [...row(key), key.bytes === null ? '–' : format.bytes(key.bytes)]),
        'There are no keys.',
      ),
    ),
    el(
      'section',
      { class: 'panel' },
      el('h2', {}, 'Hottest keys'),
      table(
        [
          ['Key', ''],
          ['Type', ''],
          ['Use', 'number'],
        ],
        hot.map((key) => [...row(key), use(key)]),
        'There are no keys.',
      ),
    ),
  ];
}

function databaseField() {
  return /** @type {HTMLInputElement} */ (
    el('input', { type: 'number', min: 0, value: '0', name: 'db' })
  );
}
