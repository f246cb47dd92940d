// The end of a chat: whoever ends it, and whether or not ChatJS is connected then.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';
import { assertItem, fromCustomer } from '../peer/checks.mjs';

const event = (name) => `application/vnd.amazonaws.connect.event.${name}`;

/** ChatJS raises the item and then the end, once each, and takes no more calls. */
async function assertEnded(chat, requestsAfterEnd = 0) {
  const ended = await chat.event('Message', ({ ContentType }) => ContentType === event('chat.ended'));
  await chat.event('Ended');
  const names = (await chat.events()).map(({ name }) => name);
  assert.equal(names.at(-1), 'Ended');
  assert.equal(names.filter((name) => name === 'Ended').length, 1);
  assert.match(await chat.rejection('sendMessage', { message: 'late', contentType: 'text/plain' }), /No active/);
  assert.equal((await chat.contact()).requests_after_end, requestsAfterEnd);
  return ended;
}

const endReason = async (chat) => (await chat.contact()).ended.reason;

behaviour('chat ended', 'by the agent', async ({ connectedChat }) => {
  const chat = await connectedChat();
  await chat.agent('message', { content: 'Goodbye' });
  await chat.control('POST', '/end', {});
  const ended = await assertEnded(chat);
  assertItem(ended, {
    Type: 'EVENT',
    ContentType: event('chat.ended'),
    InitialContactId: chat.contactId,
    ContactId: chat.contactId,
  });
  assert.deepEqual((await chat.stored()).at(-1), ended);
  assert.equal(await endReason(chat), 'agent_ended');
  await chat.until(async () => (await chat.contact()).open_sockets === 0, 'no open socket');
});

behaviour('chat ended', 'by the customer, with disconnectParticipant', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const { data } = await chat.call('disconnectParticipant');
  assert.equal(data.$metadata.httpStatusCode, 200);
  await assertEnded(chat);
  const left = await chat.message({ ContentType: event('participant.left') });
  assertItem(left, { Type: 'EVENT', ContentType: event('participant.left'), ...fromCustomer(chat) });
  assert.equal(await endReason(chat), 'customer_left');
});

behaviour('chat ended', 'with StopContact', async ({ simulator, connectedChat }) => {
  const chat = await connectedChat();
  const response = await fetch(`${simulator.endpoint}/contact/stop`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ContactId: chat.contactId, InstanceId: 'local' }),
  });
  assert.equal(response.status, 200);
  await assertEnded(chat);
  assert.equal(await endReason(chat), 'stopped');
});

behaviour('chat ended', 'when its time is over', async ({ simulator, connectedChat }) => {
  const chat = await connectedChat({ ChatDurationInMinutes: 60 });
  // Sockets live an hour as well.
  await simulator.control('POST', '/clock', { advance_ms: 59 * 60_000 });
  await chat.control('POST', '/sockets/cut', {});
  await chat.event('ConnectionLost');
  await chat.until(async () => (await chat.sockets()).some(({ subscribed }) => subscribed), 'another socket');
  await simulator.control('POST', '/clock', { advance_ms: 60_000 });
  await assertEnded(chat);
  assert.equal(await endReason(chat), 'duration_over');
});

behaviour('chat ended', 'while the connection was lost: the service denies another one', async ({ connectedChat }) => {
  const chat = await connectedChat();
  await chat.simulator.control('POST', '/faults', {
    effect: { delay: { by_ms: 1_000 } },
    operation: 'CreateParticipantConnection',
    times: 1,
  });
  await chat.control('POST', '/sockets/cut', {});
  await chat.control('POST', '/end', {});
  // ChatJS takes the 403 for the end, and makes up an item without an Id.
  const ended = await assertEnded(chat, 1);
  assert.equal(ended.Id, '');
  assert.equal(ended.AbsoluteTime, '');
});

behaviour('chat ended', 'before the customer connects', async ({ openChat }) => {
  const chat = await openChat();
  await chat.control('POST', '/end', {});
  const { _debug } = await chat.rejection('connect');
  const { type, statusCode } = _debug._debug;
  assert.deepEqual({ type, statusCode }, { type: 'AccessDeniedException', statusCode: 403 });
});

behaviour('chat ended', 'because the customer never connected', async ({ simulator, openChat }) => {
  const chat = await openChat();
  await simulator.control('POST', '/clock', { advance_ms: 5 * 60_000 });
  assert.equal((await chat.rejection('connect'))._debug._debug.statusCode, 403);
  assert.equal(await endReason(chat), 'never_connected');
});
