/** Making elements, and asking the server. */

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [props] properties; `class` and those with a dash are attributes
 * @param {(Node | string | null | undefined | false)[]} children
 * @returns {HTMLElement}
 */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === 'class' || name.includes('-')) element.setAttribute(name, String(value));
    else Object.assign(element, { [name]: value });
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/**
 * A key's name or a value: a text, or bytes that are none.
 * @param {string | { hex: string }} value
 */
export function bytesElement(value) {
  if (typeof value === 'string') return el('code', {}, value);
  return el('code', { class: 'hex', title: 'These bytes are no text (UTF-8).' }, value.hex);
}

/**
 * @param {readonly (readonly [title: string, kind: '' | 'number' | 'bytes'])[]} columns
 * @param {readonly (readonly (string | Node)[])[]} rows
 * @param {string} empty what to say when there are none
 */
export function table(columns, rows, empty) {
  if (rows.length === 0) return el('p', { class: 'empty' }, empty);
  const head = columns.map(([title, kind]) => el('th', { scope: 'col', class: kind }, title));
  const body = rows.map((row) =>
    el('tr', {}, ...row.map((cell, i) => el('td', { class: columns[i]?.[1] ?? '' }, cell))),
  );
  return el(
    'div',
    { class: 'scroll' },
    el('table', {}, el('thead', {}, el('tr', {}, ...head)), el('tbody', {}, ...body)),
  );
}

/** An answer that is no success. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * @param {string} name of the question
 * @param {Record<string, string | number>} [query]
 * @returns {Promise<any>}
 */
export function ask(name, query = {}) {
  const text = new URLSearchParams(
    Object.entries(query).map(([key, value]) => [key, String(value)]),
  );
  return answer(fetch(`/api/${name}?${text}`));
}

/**
 * @param {string} name
 * @param {Record<string, unknown>} body
 * @returns {Promise<any>}
 */
export function post(name, body) {
  return answer(fetch(`/api/${name}`, { method: 'POST', body: JSON.stringify(body) }));
}

/** @param {Promise<Response>} request */
async function answer(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new ApiError(0, 'The server does not answer.');
  }
  const value = await response.json();
  if (!response.ok) throw new ApiError(response.status, value.error);
  return value;
}
