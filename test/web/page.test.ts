import { Redis } from 'ioredis';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createServer, type RespdServer } from '../../src/index.js';
import { describeWithProgram, findProgram, freePort } from '../support/programs.js';

const CHROMIUM = 'chromium';

describeWithProgram(CHROMIUM, 'the page in a browser', () => {
  let browser: Browser;
  let server: RespdServer;
  let redis: Redis;
  let page: Page;
  let errors: string[];

  beforeAll(async () => {
    const executablePath = findProgram(CHROMIUM);
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });

  afterAll(() => browser?.close());

  beforeEach(async () => {
    server = await createServer({ 'http-port': await freePort(), 'slowlog-log-slower-than': 0 });
    redis = new Redis(server.port);
    page = await browser.newPage({ colorScheme: 'dark' });
    errors = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('401'))
        errors.push(message.text());
    });
  });

  afterEach(async () => {
    await page.close();
    redis.disconnect();
    await server.close();
    expect(errors).toEqual([]);
  });

  const open = (view = '') => page.goto(`http://127.0.0.1:${server.httpPort}/${view}`);

  it('shows figures and curves that go on by themselves', async () => {
    await redis.mset('a', '1', 'b', '2');
    await open();
    await page.getByRole('heading', { name: 'Throughput' }).waitFor();
    await page.getByText('Commands a second', { exact: true }).waitFor();
    expect(await page.locator('dt:text-is("Keys") + dd').innerText()).toMatch(/^2/);
    await redis.set('c', '3');
    await page.locator('dt:text-is("Keys") + dd', { hasText: /^3/ }).waitFor();
    await page.getByRole('img', { name: /^Memory: now/ }).waitFor();
    await page.getByRole('cell', { name: 'mset' }).waitFor();
  });

  it('browses keys and their values', async () => {
    await redis.hset('user:1', 'name', 'Ada');
    await redis.set('other', 'x', 'EX', 100);
    await open('#keys');
    await page.getByLabel('Pattern').fill('user:*');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByRole('button', { name: 'user:1' }).click();
    await page.getByRole('cell', { name: 'Ada' }).waitFor();
    await page.getByText('listpack').waitFor();
    expect(await page.getByRole('button', { name: 'other' }).count()).toBe(0);
  });

  it('never takes a key or value for markup', async () => {
    await redis.set('<img src=x onerror=alert(1)>', '<script>alert(2)</script>');
    await open('#keys');
    await page.getByRole('button', { name: '<img src=x' }).click();
    await page.getByText('<script>alert(2)</script>').waitFor();
  });

  it('finds the biggest and hottest keys', async () => {
    await redis.set('big', 'x'.repeat(100_000));
    await redis.set('small', 'x');
    await open('#top');
    await page.getByRole('button', { name: 'Look through' }).click();
    const biggest = page.locator('section', { hasText: 'Biggest keys' });
    await biggest.getByRole('row').nth(1).getByText('big').waitFor();
  });

  it('shows the slow log and the clients', async () => {
    await redis.set('slow', 'command');
    await open('#slow');
    await page.getByText('slow command').waitFor();
    await page.getByRole('link', { name: 'Clients' }).click();
    await page.getByRole('cell', { name: 'respd-web' }).waitFor();
  });

  it('asks for a user where there is a password', async () => {
    await redis.config('SET', 'requirepass', 'secret');
    await open();
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('WRONGPASS').waitFor();
    await page.getByLabel('Password').fill('secret');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Throughput' }).waitFor();
    await page.getByRole('button', { name: 'Log out default' }).click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
  });

  it('works by keyboard, in the dark and in the light', async () => {
    await redis.set('key', 'value');
    await open();
    await page.getByRole('heading', { name: 'Throughput' }).waitFor();
    const theme = () => page.evaluate('document.documentElement.dataset.theme');
    expect(await theme()).toBe('dark');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'key', exact: true }).waitFor();
    await page.getByRole('button', { name: 'key', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.locator('pre', { hasText: 'value' }).waitFor();
    await page.getByRole('button', { name: 'Change between' }).focus();
    await page.keyboard.press('Enter');
    expect(await theme()).toBe('light');
  });
});
