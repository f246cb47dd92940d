// ChatJS in headless Chromium: a page of another origin than the service's, with the unmodified bundle.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { launchOptions } from '../../support/chromium.mjs';
import { compressTime } from './compress-time.mjs';

const files = {
  '/chatjs.js': createRequire(import.meta.url).resolve('amazon-connect-chatjs'),
  '/driver.js': new URL('driver.js', import.meta.url),
};
const html = `<!doctype html><title>Peer</title><link rel="icon" href="data:,">
<script src="/chatjs.js"></script><script src="/driver.js"></script>`;

async function answer(request, response) {
  const file = files[request.url];
  response.setHeader('Content-Type', file ? 'text/javascript' : 'text/html');
  response.end(file ? await readFile(file) : html);
}

let browser;

async function start() {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // One browser for many test files is quicker than one for each.
  const { CHROMIUM_ENDPOINT } = process.env;
  const chrome = await (CHROMIUM_ENDPOINT ? chromium.connect(CHROMIUM_ENDPOINT) : chromium.launch(launchOptions));
  return { origin: `http://127.0.0.1:${server.address().port}`, server, chrome };
}

/** A fresh page for each call; the browser is shared by the process. */
export async function openHost(delays = {}) {
  const { origin, chrome } = await (browser ??= start());
  const context = await chrome.newContext();
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.addInitScript(compressTime, delays);
  await page.goto(origin);
  return {
    run: (method, ...args) => page.evaluate(([name, values]) => globalThis.driver[name](...values), [method, args]),
    async close() {
      await context.close();
      if (errors.length > 0) throw new Error(`errors in the page: ${errors.join('; ')}`);
    },
  };
}

export async function closeBrowser() {
  if (!browser) return;
  const { chrome, server } = await browser;
  await chrome.close();
  server.close();
}
