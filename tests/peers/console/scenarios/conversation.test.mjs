// A conversation between a person at the console and a person at the customer page.
import assert from 'node:assert/strict';
import { bubble, say, selectChat, sendFromMenu, texts } from '../peer/hands.mjs';
import { behaviour } from '../peer/world.mjs';

behaviour('console', 'the console opens and says how to begin', async ({ openConsole, simulator }) => {
  const console = await openConsole();
  await console.getByText('No chats yet').waitFor();
  await console.getByText(simulator.endpoint, { exact: true }).waitFor();
  const [customer] = await Promise.all([
    console.context().waitForEvent('page'),
    console.getByRole('banner').getByRole('link', { name: 'New customer' }).click(),
  ]);
  await customer.getByRole('button', { name: 'Start chat' }).waitFor();
});

behaviour(
  'messages',
  'what a customer writes shows up, in the list and in the chat',
  async ({ openConsole, openCustomer }) => {
    const console = await openConsole();
    const customer = await openCustomer('Ana');
    await say(customer, 'Hello from Ana');
    await bubble(customer, 'Hello from Ana').getByText('Sent').waitFor();
    await console.getByRole('option', { name: 'Ana' }).getByLabel(/new$/).waitFor();
    await selectChat(console, 'Ana');
    await bubble(console, 'Hello from Ana').waitFor();
    await say(customer, 'And once more');
    await bubble(console, 'And once more').waitFor();
    await console
      .getByRole('log', { name: 'New messages' })
      .getByText('Ana: And once more')
      .waitFor({ state: 'attached' });
  },
);

behaviour(
  'messages',
  'an answer from the console reaches the customer, under the name of its agent',
  async ({ openConsole, openCustomer }) => {
    const console = await openConsole();
    const customer = await openCustomer('Ben');
    await selectChat(console, 'Ben');
    await console.getByText('More', { exact: true }).click();
    await console.getByLabel('Your name as the agent').fill('Kim');
    await console.keyboard.press('Escape');
    await say(console, 'Hello from the console');
    await bubble(customer, 'Hello from the console').getByText('Kim').waitFor();
    await customer.getByText('Kim joined').waitFor();
    await console.getByText('With Kim').first().waitFor();
  },
);

behaviour('receipts', 'receipts are shown on both sides', async ({ openConsole, openCustomer }) => {
  const console = await openConsole();
  const customer = await openCustomer('Ana');
  await say(customer, 'Did you read this?');
  await selectChat(console, 'Ana');
  await bubble(console, 'Did you read this?').waitFor();
  await console.getByText('More', { exact: true }).click();
  await console.getByRole('button', { name: 'Mark delivered' }).click();
  await bubble(customer, 'Did you read this?').getByText('Delivered').waitFor();
  await console.getByRole('button', { name: 'Mark read' }).click();
  await bubble(customer, 'Did you read this?').getByText('Read', { exact: true }).waitFor();
  for (const text of ['Yes, I did.', 'And you?']) {
    await say(console, text);
    await bubble(console, text).getByText('Read', { exact: true }).waitFor();
  }
});

behaviour('typing', 'typing is shown on both sides', async ({ openConsole, openCustomer }) => {
  const console = await openConsole();
  const customer = await openCustomer('Ana');
  await selectChat(console, 'Ana');
  await customer.locator('#message').pressSequentially('Hm');
  await console.getByText('Ana is typing').waitFor();
  await say(customer, 'Hm.');
  await bubble(console, 'Hm.').waitFor();
  assert.equal(await console.locator('#typing').textContent(), '');
  await console.locator('#message').pressSequentially('Well');
  await customer.getByText('Jo is typing').waitFor();
  await say(console, 'Well.');
  await bubble(customer, 'Well.').waitFor();
  assert.equal(await customer.locator('#typing').textContent(), '');
});

behaviour(
  'streamed message',
  'a streamed message grows on both sides and is there once',
  async ({ openConsole, openCustomer, simulator }) => {
    const console = await openConsole();
    const customer = await openCustomer('Ana');
    await selectChat(console, 'Ana');
    const words = Array.from({ length: 30 }, (_, n) => `word${n}`);
    await console.locator('#message').fill(words.join(' '));
    await sendFromMenu(console, 'Streamed text');
    for (const page of [console, customer]) {
      const growing = bubble(page, 'word0');
      await growing.waitFor();
      const early = (await growing.locator('.text').textContent()).length;
      await simulator.until(async () => (await growing.locator('.text').textContent()).length > early, 'more words');
    }
    await simulator.until(
      async () => (await texts(console)).includes(words.join(' ')) && (await texts(customer)).includes(words.join(' ')),
      'the whole message',
      10_000,
    );
    assert.equal(await bubble(console, 'word0').count(), 1);
    assert.equal(await bubble(customer, 'word0').count(), 1);
    await console.locator('[data-growing]').waitFor({ state: 'detached' });
  },
);

const choices = [
  ['Quick reply', 'A bill', 'A bill'],
  ['List picker', 'Ferry (300 seats)', 'Ferry'],
  ['Panel', 'Fares', 'Fares'],
  ['Carousel', 'Book', '"selectionText":"Book"'],
  ['View', 'Submit', '"action":"Submit"'],
];
for (const [template, choice, reply] of choices) {
  behaviour(
    template === 'View' ? 'view' : 'interactive message',
    `${template}: the customer chooses, and the console shows what`,
    async ({ openConsole, openCustomer }) => {
      const console = await openConsole();
      const customer = await openCustomer('Ana');
      await selectChat(console, 'Ana');
      await sendFromMenu(console, template);
      await customer.getByRole('button', { name: choice }).first().click();
      await console.locator('#transcript [data-side=customer]').getByText(reply).waitFor();
    },
  );
}

behaviour('attachments', 'files go both ways', async ({ openConsole, openCustomer }) => {
  const console = await openConsole();
  const customer = await openCustomer('Ana');
  await selectChat(console, 'Ana');
  await console
    .locator('#file')
    .setInputFiles({ name: 'fares.txt', mimeType: 'text/plain', buffer: Buffer.from('from the agent') });
  const [download] = await Promise.all([
    customer.waitForEvent('download'),
    customer.getByRole('button', { name: 'fares.txt' }).click(),
  ]);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), 'from the agent');

  const upload = (name) =>
    customer.locator('#file').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from('from the customer') });
  await upload('ticket.txt');
  await bubble(console, 'ticket.txt').getByText('approved').waitFor();
  await upload('ticket.rejected.txt');
  await bubble(console, 'ticket.rejected.txt').getByText('rejected', { exact: true }).waitFor();
});

behaviour(
  'authentication',
  'the customer signs in at the authentication page',
  async ({ openConsole, openCustomer }) => {
    const console = await openConsole();
    const customer = await openCustomer('Ana');
    await selectChat(console, 'Ana');
    await sendFromMenu(console, 'authentication initiated');
    const [page] = await Promise.all([
      customer.context().waitForEvent('page'),
      customer.getByRole('link', { name: 'Sign in' }).click(),
    ]);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('You signed in.').waitFor();
    await customer.getByText('You signed in').waitFor();
    assert.equal(await customer.getByRole('link', { name: 'Sign in' }).isVisible(), false);
    await console.locator('#transcript').getByText('Authentication succeeded').waitFor();
  },
);

behaviour(
  'participant events',
  'a transfer hands the chat to another agent',
  async ({ openConsole, openCustomer, simulator }) => {
    const console = await openConsole();
    const customer = await openCustomer('Ana');
    await selectChat(console, 'Ana');
    await say(console, 'I shall ask a colleague.');
    await console.getByText('More', { exact: true }).click();
    await console.getByRole('button', { name: 'Transfer' }).click();
    await console.getByLabel('Name of the other agent').fill('Mia');
    await console.keyboard.press('Enter');
    await console.locator('#transcript').getByText('Transferred').waitFor();
    await customer.getByText('You were transferred').waitFor();
    const { contact_ids: chain } = await simulator.control('GET', `/contacts/${customer.contactId}`);
    assert.equal(chain.length, 2);
    await say(customer, 'Hello Mia');
    await bubble(console, 'Hello Mia').waitFor();
  },
);

behaviour('chat ended', 'either side can end the chat', async ({ openConsole, openCustomer }) => {
  const console = await openConsole();
  const ana = await openCustomer('Ana');
  const ben = await openCustomer('Ben');
  await selectChat(console, 'Ana');
  await console.getByRole('button', { name: 'End chat' }).click();
  await console.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await console.getByRole('button', { name: 'Send', exact: true }).isEnabled(), true);
  await console.getByRole('button', { name: 'End chat' }).click();
  await console.getByRole('dialog').getByRole('button', { name: 'End chat' }).click();
  await ana.getByRole('button', { name: 'Start another chat' }).waitFor();
  await console.locator('#chat-state').filter({ hasText: 'Ended: agent ended' }).waitFor();
  assert.equal(await console.getByRole('button', { name: 'Send', exact: true }).isEnabled(), false);

  await ben.getByRole('button', { name: 'End chat' }).click();
  await ben.getByRole('button', { name: 'Start another chat' }).waitFor();
  await console.getByRole('option', { name: 'Ben' }).getByText('Ended').waitFor();
});
