// A check of one behaviour: a simulator and pages of its own, no errors in any page, and a line of the results.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after } from 'node:test';
import { chromium } from 'playwright-core';
import { launchOptions } from '../../support/chromium.mjs';
import { recorded } from '../../support/results.mjs';
import { startSimulator } from '../../support/simulator.mjs';

const bundle = createRequire(import.meta.url).resolve('amazon-connect-chatjs');
const withinMs = 10_000;
const desktop = { width: 1440, height: 900 };
/** What a browser says of a request that failed; a fault that was asked for is no error of the page. */
const network = /^(Failed to load resource|WebSocket connection to)/;

let browser;

const startBrowser = () => chromium.launch(launchOptions);

after(async () => (await browser)?.close());

/** Registers the check `title` of the behaviour `id`; `check` gets a world, see `openWorld`. */
export const behaviour = (id, title, check, { simulate = ['--chatjs', bundle] } = {}) =>
  recorded(id, title, () => inWorld(simulate, check));

async function inWorld(simulate, check) {
  const world = await openWorld(simulate);
  try {
    await check(world);
  } catch (error) {
    // What goes wrong while closing is no news after this.
    await world.close().catch(() => {});
    throw error;
  }
  await world.close();
}

async function openWorld(simulate) {
  const simulator = await startSimulator(...simulate);
  const contexts = [];
  const errors = [];

  function watch(page, { faulty = false }) {
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      const isAskedFor = faulty && network.test(message.text());
      if (message.type() === 'error' && !isAskedFor) errors.push(message.text());
    });
    page.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol.startsWith('http') && hostname !== '127.0.0.1') errors.push(`asked for ${request.url()}`);
    });
  }

  async function openPage(path, { viewport = desktop, ...options } = {}) {
    browser ??= startBrowser();
    const context = await (await browser).newContext({ viewport, ...options });
    context.setDefaultTimeout(withinMs);
    contexts.push(context);
    context.on('page', (page) => watch(page, options));
    const page = await context.newPage();
    await page.goto(simulator.endpoint + path);
    return page;
  }

  return {
    simulator,
    openPage,
    /** The console, with the list of chats read. */
    async openConsole(options) {
      const page = await openPage('/_sim/', options);
      await page.locator('#mark[data-state=ok]').waitFor();
      return page;
    },
    /** A customer with a chat of their own, connected. `faulty`: requests of this page may fail. */
    async openCustomer(name, options) {
      const page = await openPage('/_sim/customer', { viewport: { width: 560, height: 800 }, ...options });
      await page.getByLabel('Your name').fill(name);
      await page.getByRole('button', { name: 'Start chat' }).click();
      await page.getByRole('status').filter({ hasText: 'Connected' }).waitFor();
      const details = new URLSearchParams(new URL(page.url()).hash.slice(1));
      return Object.assign(page, { contactId: details.get('contact_id') });
    },
    async close() {
      for (const context of contexts) await context.close();
      await simulator.stop();
      assert.deepEqual(errors, [], 'errors in the pages');
    },
  };
}
