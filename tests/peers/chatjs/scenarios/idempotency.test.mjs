// Requests that come twice do their work once.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';

const hello = { message: 'Hello', contentType: 'text/plain', clientToken: 'token-1' };

const messages = async (chat) => (await chat.stored()).filter(({ Type }) => Type === 'MESSAGE');

behaviour('idempotency', 'the same client token: the same answer, one message', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const first = (await chat.call('sendMessage', hello)).data;
  const second = (await chat.call('sendMessage', hello)).data;
  assert.deepEqual([second.Id, second.AbsoluteTime], [first.Id, first.AbsoluteTime]);
  const other = (await chat.call('sendMessage', { ...hello, clientToken: 'token-2' })).data;
  await chat.message({ Id: other.Id });
  assert.deepEqual(
    (await messages(chat)).map(({ Id }) => Id),
    [first.Id, other.Id],
  );
  const shown = (await chat.received('Message')).filter(({ Type }) => Type === 'MESSAGE');
  assert.deepEqual(
    shown.map(({ Id }) => Id),
    [first.Id, other.Id],
  );
});

behaviour(
  'idempotency',
  'a lost answer, and the same token again: one message',
  async ({ simulator, connectedChat }) => {
    const chat = await connectedChat();
    await simulator.control('POST', '/faults', { effect: 'lose_response', operation: 'SendMessage', times: 1 });
    // Whether ChatJS repeats it by itself is up to the platform.
    await chat.call('sendMessage', hello).catch(({ reason }) => assert.equal(reason.type, 'TypeError'));
    const { data } = await chat.call('sendMessage', hello);
    assert.equal((await simulator.control('GET', '/state')).faults_struck.lose_response, 1);
    assert.deepEqual(
      (await messages(chat)).map(({ Id }) => Id),
      [data.Id],
    );
  },
);

behaviour('idempotency', 'StartChatContact with the same token: the same chat', async ({ simulator }) => {
  const first = await simulator.startChat({ ClientToken: 'start-1' });
  const second = await simulator.startChat({ ClientToken: 'start-1' });
  assert.deepEqual(second, first);
  assert.equal((await simulator.control('GET', '/contacts')).total, 1);
});
