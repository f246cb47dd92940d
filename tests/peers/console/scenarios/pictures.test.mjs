// Pictures of the pages in use, for people to look at. They are in the folder that PEER_ARTEFACTS names.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { bubble, injectFault, say, selectChat, sendFromMenu, showPanel } from '../peer/hands.mjs';
import { behaviour } from '../peer/world.mjs';

const folder = process.env.PEER_ARTEFACTS;

async function picture(page, name) {
  if (!folder) return;
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path, animations: 'disabled' });
  assert.ok(statSync(path).size > 10_000, `${path} shows something`);
}

behaviour('console', 'pictures of the pages in use', async ({ openConsole, openCustomer, simulator }) => {
  const empty = await openConsole();
  await picture(empty, 'console-empty');
  for (const name of ['Hiro', 'Fatima', 'Emre']) await openCustomer(name);
  const emre = empty.locator('#contacts').getByRole('option', { name: 'Emre' });
  await emre.waitFor();
  const customer = await openCustomer('Ana', { faulty: true });
  const console = await openConsole();
  await selectChat(console, 'Emre');
  await say(console, 'The ferry at nine is full, the one at ten is not.');
  await selectChat(console, 'Fatima');
  await console.getByRole('button', { name: 'End chat' }).click();
  await console.keyboard.press('Enter');
  await selectChat(console, 'Ana');
  await say(customer, 'Good morning! I left my umbrella on the ferry to the north island.');
  await sendFromMenu(console, 'Quick reply');
  await customer.getByRole('button', { name: 'Something else' }).click();
  await say(console, 'Good morning, Ana. That happens a lot in this weather. What does it look like?');
  await say(customer, 'Dark green, with a wooden handle. I have a picture of it.');
  await customer
    .locator('#file')
    .setInputFiles({ name: 'umbrella.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('picture') });
  await bubble(console, 'umbrella.jpg').waitFor();
  await say(console, 'Found it: row 14, starboard. When would you like to fetch it?');
  await console.getByRole('button', { name: 'Mark read' }).click();
  await sendFromMenu(console, 'Time picker');
  await bubble(customer, 'Dark green').getByText('Read').waitFor();
  await injectFault(console, 'Requests', '429 Throttled');
  await injectFault(console, 'Heartbeats and subscriptions', 'Mute heartbeats');
  await console.locator('#fault-list li').nth(1).waitFor();
  await showPanel(console, 'Details');
  await picture(console, 'console-light');
  await picture(customer, 'customer-light');
  for (const page of [console, customer]) await page.emulateMedia({ colorScheme: 'dark' });
  await console.locator('.panels').evaluate((panels) => (panels.scrollTop = 0));
  await showPanel(console, 'Faults');
  await picture(console, 'console-dark');
  await picture(customer, 'customer-dark');
  await showPanel(console, 'Service');
  await console.locator('#settings input').first().waitFor();
  await picture(console, 'console-service');
  await console.emulateMedia({ colorScheme: 'light' });
  await console.keyboard.press('Escape');
  await console.keyboard.press('?');
  await picture(console, 'console-help');
  await console.keyboard.press('Escape');

  const phone = await openConsole({
    viewport: { width: 360, height: 740 },
    isMobile: true,
    hasTouch: true,
    deviceScaleFactor: 2,
  });
  await picture(phone, 'phone-chats');
  await phone.getByRole('option', { name: 'Ana' }).tap();
  await bubble(phone, 'Found it').waitFor();
  await picture(phone, 'phone-chat');
  for (const view of ['Details', 'Faults']) {
    await showPanel(phone, view);
    await picture(phone, `phone-${view.toLowerCase()}`);
  }
  const { total } = await simulator.control('GET', '/contacts');
  assert.equal(total, 4);
});
