// Faults, the clock, scripts and settings, from the console.
import assert from 'node:assert/strict';
import { bubble, injectFault, lineStates, say, selectChat, showPanel, texts, watchLine } from '../peer/hands.mjs';
import { behaviour } from '../peer/world.mjs';

const socketsOf = async (simulator, contactId) =>
  (await simulator.control('GET', `/contacts/${contactId}`)).sockets.map(({ socket }) => socket);

behaviour(
  'reconnect',
  'a cut socket comes back, and nothing is lost',
  async ({ openConsole, openCustomer, simulator }) => {
    const console = await openConsole();
    const customer = await openCustomer('Ana', { faulty: true });
    await selectChat(console, 'Ana');
    await say(console, 'before');
    await bubble(customer, 'before').waitFor();
    const before = await socketsOf(simulator, customer.contactId);
    await watchLine(customer);

    // Late answers to the client's reconnect make a gap, in which the agent goes on.
    await console.getByLabel('Operation').selectOption('CreateParticipantConnection');
    await injectFault(console, 'Requests', 'Answer late');
    await injectFault(console, 'Sockets, now', 'Cut');
    await customer.getByText('Connection lost').waitFor();
    for (const text of ['in the gap, 1', 'in the gap, 2', 'in the gap, 3']) await say(console, text);
    await bubble(console, 'in the gap, 3').waitFor();
    assert.equal((await lineStates(customer)).at(-1), 'lost', 'the gap was long enough');

    await bubble(customer, 'in the gap, 3').waitFor();
    await customer.getByRole('status').filter({ hasText: 'Connected' }).waitFor();
    assert.deepEqual(await lineStates(customer), ['established', 'lost', 'established']);
    const after = await socketsOf(simulator, customer.contactId);
    assert.equal(after.length, 1);
    assert.notDeepEqual(after, before);
    await showPanel(console, 'Details');
    await console.getByText(`Ana · socket ${after[0]}`).waitFor();

    await say(console, 'after');
    await bubble(customer, 'after').waitFor();
    const items = await simulator.record(customer.contactId, 'transcript');
    const said = items.filter((item) => item.Type === 'MESSAGE').map((item) => item.Content);
    assert.deepEqual(await texts(customer), said);
    assert.deepEqual(await texts(console), said);
  },
);

behaviour(
  'errors',
  'a throttled message is told to the customer, and goes through later',
  async ({ openConsole, openCustomer, simulator }) => {
    const console = await openConsole();
    const customer = await openCustomer('Ana', { faulty: true });
    await selectChat(console, 'Ana');
    await injectFault(console, 'Requests', '429 Throttled');
    const injected = console.locator('#fault-list li').filter({ hasText: '429 ThrottlingException' });
    await injected.getByText('struck 0 of 3').waitFor();
    await say(customer, 'Am I too fast?');
    const message = bubble(customer, 'Am I too fast?');
    await message.getByText('Not sent: 429 ThrottlingException').waitFor();
    await injected.getByText('struck 3 of 3').waitFor();
    await message.getByRole('button', { name: 'Try again' }).click();
    await message.getByText('Sent', { exact: true }).waitFor();
    await bubble(console, 'Am I too fast?').waitFor();
    assert.equal(await message.count(), 1);

    await console.getByText('None. The service behaves.').waitFor();
  },
);

behaviour('console', 'faults are cleared one by one and all at once', async ({ openConsole, simulator }) => {
  const console = await openConsole();
  for (const name of ['Mute heartbeats', 'Mute pings', 'Mute subscribe']) {
    await injectFault(console, 'Heartbeats and subscriptions', name);
  }
  const inForce = async () =>
    (await simulator.control('GET', '/faults')).faults
      .filter(({ active }) => active)
      .map(({ definition }) => definition.effect);
  await console.getByRole('button', { name: 'Clear mute pings' }).click();
  await console.getByRole('button', { name: 'Clear mute pings' }).waitFor({ state: 'hidden' });
  assert.deepEqual(await inForce(), ['mute_heartbeats', 'mute_subscribe']);
  await console.getByRole('button', { name: 'Clear all' }).click();
  await console.getByText('None. The service behaves.').waitFor();
  assert.deepEqual(await inForce(), []);
});

behaviour('console', 'every button injects the fault that it names', async ({ openConsole, simulator }) => {
  const { contact_id } = await simulator.control('POST', '/contacts', { display_name: 'Ana' });
  const console = await openConsole();
  await selectChat(console, 'Ana');
  const buttons = await console.locator('.fault-group .button').all();
  assert.ok(buttons.length >= 25, `${buttons.length} buttons`);
  for (const [index, button] of buttons.entries()) {
    await button.click();
    await simulator.until(
      async () => (await simulator.control('GET', '/faults')).faults.length === index + 1,
      () => `fault ${index}`,
    );
  }
  const { faults } = await simulator.control('GET', '/faults');
  const kinds = faults.map(({ definition }) => JSON.stringify(definition.effect));
  assert.equal(new Set(kinds).size, buttons.length, 'all of them differ');
  for (const { definition } of faults) assert.equal(definition.contact, contact_id);
  await console.getByRole('button', { name: 'Clear all' }).click();
  await console.getByText('None. The service behaves.').waitFor();
});

behaviour(
  'console',
  'a fault has the scope, the chance, the delay and the number that were chosen',
  async ({ openConsole, simulator }) => {
    await simulator.control('POST', '/contacts', { display_name: 'Ana' });
    const console = await openConsole();
    await selectChat(console, 'Ana');
    await console.getByLabel('All chats').check();
    await console.getByLabel('Chance').fill('25');
    await console.getByLabel(/^After/).fill('1500');
    await console.getByLabel('Operation').selectOption('GetTranscript');
    await console.getByLabel('Retry-After').fill('7');
    await console.getByRole('group', { name: 'Requests' }).getByLabel('At most').fill('9');
    await injectFault(console, 'Requests', '429 Throttled');
    await console.locator('#fault-list li').waitFor();
    const { faults } = await simulator.control('GET', '/faults');
    assert.deepEqual(faults[0].definition, {
      effect: { answer: { status: 429, error_type: 'ThrottlingException', message: 'Rate exceeded', retry_after: 7 } },
      operation: 'GetTranscript',
      times: 9,
      probability: 0.25,
      after_ms: 1_500,
    });
  },
);

behaviour('console', 'a socket whose heartbeats stop is marked', async ({ openConsole, openCustomer }) => {
  const console = await openConsole();
  await openCustomer('Ana', { faulty: true });
  await selectChat(console, 'Ana');
  await showPanel(console, 'Details');
  await console.locator('.socket[data-beat=ok]').getByText('Heartbeat').first().waitFor();
  // Half a minute of the service's time, of which the client's heartbeat knows nothing.
  await showPanel(console, 'Service');
  await console.getByLabel('Advance by').fill('30');
  await console.getByLabel('Unit').selectOption('seconds');
  await console.getByRole('button', { name: 'Advance' }).click();
  await showPanel(console, 'Details');
  await console
    .locator('.socket[data-beat=bad]')
    .getByText(/No heartbeat for 3\d s/)
    .waitFor();
  // The next one is due within ten seconds.
  await console.locator('.socket[data-beat=ok]').waitFor({ timeout: 15_000 });
});

behaviour('console', 'a half-open socket is marked', async ({ openConsole, openCustomer }) => {
  const console = await openConsole();
  await openCustomer('Ana', { faulty: true });
  await selectChat(console, 'Ana');
  await injectFault(console, 'Sockets, now', 'Half-open');
  await showPanel(console, 'Details');
  await console.locator('.socket').getByText('half-open').waitFor();
});

behaviour(
  'console',
  'scripts and settings are changed from the console',
  async ({ openConsole, openCustomer, simulator }) => {
    const console = await openConsole();
    await showPanel(console, 'Service');
    await console.getByLabel('Script', { exact: true }).selectOption('echo');
    await console.getByRole('button', { name: 'Use', exact: true }).click();
    await console.locator('#service-facts').getByText('echo').waitFor();
    const customer = await openCustomer('Ana');
    await say(customer, 'Is there an echo?');
    await simulator.until(
      async () => (await texts(customer)).filter((text) => text.includes('Is there an echo?')).length === 2,
      'the echo',
    );

    await console.locator('[name=url_lifetime_ms]').fill('1234');
    await console.locator('[name=url_lifetime_ms]').press('Tab');
    await console.getByLabel('quotas').check();
    await simulator.until(async () => {
      const settings = await simulator.control('GET', '/settings');
      return settings.url_lifetime_ms === 1_234 && settings.quotas === true;
    }, 'the settings');
  },
);

behaviour('console', 'what the API refuses is shown in its own words', async ({ openConsole, simulator }) => {
  const console = await openConsole({ faulty: true });
  const refused = await simulator.control('PUT', '/script', { nonsense: 1 }).catch(({ answer }) => answer.error);
  await showPanel(console, 'Service');
  await console.locator('#script-edit > summary').click();
  await console.locator('#script-text').fill('{"nonsense":1}');
  await console.getByRole('button', { name: 'Use this script' }).click();
  await console.getByRole('alert').getByText(refused, { exact: true }).waitFor();
  await console.getByRole('button', { name: 'Dismiss' }).click();
  assert.equal(await console.getByRole('alert').isVisible(), false);
});
