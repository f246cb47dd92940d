// Using the console: by keyboard, on a phone, with hostile content, while it goes on changing.
import assert from 'node:assert/strict';
import { bubble, say, selectChat, sendFromMenu } from '../peer/hands.mjs';
import { lowContrasts, overflowing, unreachable } from '../peer/layout.mjs';
import { behaviour } from '../peer/world.mjs';

const phone = { width: 360, height: 740 };
const views = ['Chats', 'Chat', 'Details', 'Faults', 'Service'];

behaviour(
  'console',
  'a person gets from opening to answering without a mouse',
  async ({ openConsole, openCustomer, simulator }) => {
    const customer = await openCustomer('Ana');
    await openCustomer('Ben');
    const console = await openConsole();
    const { keyboard } = console;
    const focused = () => console.evaluate(() => document.activeElement.id);
    const isRinged = () => console.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== 'none');

    await keyboard.press('?');
    await console.getByRole('dialog', { name: 'Help' }).waitFor();
    await keyboard.press('Escape');
    await keyboard.press('l');
    assert.equal(await focused(), 'contacts');
    assert.ok(await isRinged(), 'the focus is visible');
    // The newest is first: Ben, then Ana.
    await keyboard.press('ArrowDown');
    await keyboard.press('ArrowDown');
    await console.getByRole('heading', { name: 'Ana', exact: true }).waitFor();
    await keyboard.press('Enter');
    assert.equal(await focused(), 'message');
    await keyboard.type('Typed without a mouse');
    await keyboard.press('Enter');
    await bubble(customer, 'Typed without a mouse').waitFor();

    await keyboard.press('Escape');
    assert.equal(await focused(), 'contacts');
    await keyboard.press('f');
    // From the tab to the button of a fault, and press it.
    for (
      let steps = 0;
      (await console.evaluate(() => document.activeElement.textContent)) !== '429 Throttled';
      steps += 1
    ) {
      assert.ok(steps < 40, 'the button is reached');
      await keyboard.press('Tab');
      assert.ok(
        (await isRinged()) || (await console.evaluate(() => document.activeElement.type === 'radio')),
        'the focus is visible',
      );
    }
    await keyboard.press('Enter');
    await simulator.until(async () => (await simulator.control('GET', '/faults')).faults.length === 1, 'the fault');

    await keyboard.press('/');
    await keyboard.type('ben');
    await console.getByRole('option', { name: 'Ana' }).waitFor({ state: 'detached' });
    assert.equal(await console.locator('#contacts').getByRole('option').count(), 1);
  },
);

behaviour('console', 'shortcuts of a single letter can be switched off', async ({ openConsole }) => {
  const console = await openConsole();
  await console.keyboard.press('?');
  await console.getByLabel('Shortcuts of a single letter').uncheck();
  await console.keyboard.press('Escape');
  await console.keyboard.press('?');
  assert.equal(await console.getByRole('dialog', { name: 'Help' }).isVisible(), false);
  await console.reload();
  await console.keyboard.press('/');
  assert.notEqual(await console.evaluate(() => document.activeElement.id), 'filter');
});

behaviour('console', 'on a phone everything fits and can be reached', async ({ openConsole, openCustomer }) => {
  const customer = await openCustomer('Ana');
  await say(customer, `A long word: ${'Donaudampfschiff'.repeat(20)}`);
  const console = await openConsole({ viewport: phone, isMobile: true, hasTouch: true });
  await console.getByRole('option', { name: 'Ana' }).tap();
  await sendFromMenu(console, 'Carousel');
  const nav = console.getByRole('navigation', { name: 'Views' });
  for (const view of views) {
    await nav.getByRole('button', { name: view, exact: true }).tap();
    assert.deepEqual(await overflowing(console), [], `${view}: too wide`);
    assert.deepEqual(await unreachable(console), [], `${view}: cannot be reached`);
  }
  await nav.getByRole('button', { name: 'Chat', exact: true }).tap();
  await console.locator('#insert > summary').tap();
  assert.deepEqual(await unreachable(console, '#insert .menu-panel button'), []);
  await customer.setViewportSize(phone);
  assert.deepEqual(await overflowing(customer), []);
  assert.deepEqual(await unreachable(customer), []);
});

behaviour('console', 'the pages are held to a policy, and have nothing inline', async ({ openConsole }) => {
  const console = await openConsole();
  for (const path of ['/_sim/', '/_sim/customer']) {
    const response = await console.request.get(new URL(path, console.url()).href);
    assert.match(response.headers()['content-security-policy'], /default-src 'self'/);
    assert.doesNotMatch(await response.text(), /<style|<script(?![^>]* src=)|\sstyle=|\son[a-z]+=/);
  }
});

behaviour(
  'console',
  'hostile messages and names are shown as text and run nothing',
  async ({ openConsole, openCustomer, simulator }) => {
    const hostile = '<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>';
    const console = await openConsole();
    const customer = await openCustomer(hostile);
    await console.locator('#contacts').getByRole('option').click();
    await console.locator('#chat-name').getByText(hostile, { exact: true }).waitFor();
    await say(customer, hostile);
    await bubble(console, hostile).waitFor();
    await say(console, hostile);
    await bubble(customer, hostile).nth(1).waitFor();

    const element = { title: hostile, type: 'hyperlink', url: 'javascript:globalThis.hacked=1' };
    const content = JSON.stringify({
      templateType: hostile,
      version: '1.0',
      data: { content: { title: hostile, subtitle: hostile, elements: [element, { title: hostile }] } },
    });
    const content_type = 'application/vnd.amazonaws.connect.message.interactive';
    await simulator.control('POST', `/contacts/${customer.contactId}/bot/message`, { content, content_type });
    await simulator.control(
      'POST',
      `/contacts/${customer.contactId}/agent/attachment?name=${encodeURIComponent('<b>x.txt')}`,
      Buffer.from('x'),
      { 'Content-Type': 'text/plain' },
    );
    await bubble(console, '<b>x.txt').waitFor();
    await bubble(customer, '<b>x.txt').waitFor();
    await customer.getByRole('button', { name: hostile }).waitFor();
    for (const page of [console, customer]) {
      const found = await page.evaluate(() => ({
        hacked: globalThis.hacked,
        elements: document.querySelectorAll('img, #transcript script, #transcript b, [href^="javascript:"]').length,
      }));
      assert.deepEqual(found, { hacked: undefined, elements: 0 });
    }
  },
);

behaviour(
  'console',
  'what is typed, focused or scrolled to stays while the chat goes on',
  async ({ openConsole, openCustomer, simulator }) => {
    const customer = await openCustomer('Ana');
    const console = await openConsole();
    await selectChat(console, 'Ana');
    const send = (content) => simulator.control('POST', `/contacts/${customer.contactId}/agent/message`, { content });
    for (let n = 0; n < 30; n += 1) await send(`earlier ${n}`);
    await bubble(console, 'earlier 29').waitFor();
    await console.evaluate(() => {
      globalThis.first = document.querySelector('#transcript .message');
      globalThis.option = document.querySelector('#contacts li');
    });
    await console.locator('#message').fill('half a sen');
    await console.locator('#transcript-scroll').evaluate((scroll) => (scroll.scrollTop = 0));
    await send('one more');
    await bubble(console, 'one more').waitFor({ state: 'attached' });
    await console.getByRole('button', { name: 'Newest' }).waitFor();
    await console.locator('#message').pressSequentially('tence');
    const kept = await console.evaluate(() => ({
      focused: document.activeElement.id,
      typed: document.getElementById('message').value,
      scrolled: document.getElementById('transcript-scroll').scrollTop,
      sameNodes: globalThis.first.isConnected && globalThis.option.isConnected,
    }));
    assert.deepEqual(kept, { focused: 'message', typed: 'half a sentence', scrolled: 0, sameNodes: true });

    // A draft belongs to its chat.
    await openCustomer('Ben');
    await selectChat(console, 'Ben');
    assert.equal(await console.locator('#message').inputValue(), '');
    await selectChat(console, 'Ana');
    assert.equal(await console.locator('#message').inputValue(), 'half a sentence');
  },
);

behaviour(
  'console',
  'a long chat is shown from its end, and further back on demand',
  async ({ openConsole, openCustomer, simulator }) => {
    const customer = await openCustomer('Ana');
    for (let n = 0; n < 400; n += 1) {
      await simulator.control('POST', `/contacts/${customer.contactId}/agent/message`, { content: `number ${n}.` });
    }
    const console = await openConsole();
    await selectChat(console, 'Ana');
    await bubble(console, 'number 399.').waitFor();
    assert.equal(await bubble(console, 'number 3.').count(), 0);
    await console.getByRole('button', { name: 'Show earlier items' }).click();
    await bubble(console, 'number 3.').first().waitFor({ state: 'attached' });
    const shown = await console.locator('#transcript .text').allTextContents();
    assert.deepEqual(
      shown,
      Array.from({ length: 400 }, (_, n) => `number ${n}.`),
    );
  },
);

for (const colorScheme of ['light', 'dark']) {
  behaviour(
    'console',
    `all text has enough contrast in the ${colorScheme} scheme`,
    async ({ openConsole, openCustomer, simulator }) => {
      const customer = await openCustomer('Ana', { colorScheme });
      await simulator.control('POST', '/faults', { effect: 'mute_pings' });
      const console = await openConsole({ colorScheme });
      await selectChat(console, 'Ana');
      await say(customer, 'Hello');
      await say(console, 'Hello');
      await sendFromMenu(console, 'Quick reply');
      await customer.getByRole('button', { name: 'A bill' }).waitFor();
      for (const view of ['Details', 'Faults', 'Service']) {
        await console.getByRole('button', { name: view, exact: true }).click();
        assert.deepEqual(await lowContrasts(console), []);
      }
      assert.deepEqual(await lowContrasts(customer), []);
    },
  );
}

behaviour('console', 'the console says when the simulator is gone', async ({ openConsole }) => {
  const console = await openConsole({ faulty: true });
  await console.context().setOffline(true);
  await console.getByText('The simulator does not answer').waitFor();
  await console.context().setOffline(false);
  await console.getByText('The simulator does not answer').waitFor({ state: 'hidden' });
});

behaviour(
  'console',
  'without the bundle the customer page says how to provide it',
  async ({ openPage }) => {
    const page = await openPage('/_sim/customer', { faulty: true });
    await page.getByText('connect-chat simulate --chatjs').waitFor();
  },
  { simulate: [] },
);
