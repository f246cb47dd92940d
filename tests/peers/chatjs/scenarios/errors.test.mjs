// Requests that go wrong: what ChatJS repeats by itself, and the form in which it reports the rest.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';

const hello = { message: 'Hello', contentType: 'text/plain' };

const fault = (chat, effect, times) =>
  chat.simulator.control('POST', '/faults', { effect, operation: 'SendMessage', times });

const messages = async (chat) => (await chat.stored()).filter(({ Type }) => Type === 'MESSAGE');

const failures = [
  { status: 429, error_type: 'ThrottlingException', message: 'Rate exceeded' },
  { status: 500, error_type: 'InternalServerException', message: 'Try again' },
];

for (const answer of failures) {
  behaviour('errors', `${answer.status} once: ChatJS repeats the request`, async ({ connectedChat }) => {
    const chat = await connectedChat();
    await fault(chat, { answer }, 1);
    const { data } = await chat.call('sendMessage', hello);
    assert.equal(data.$metadata.attempts, 2);
    assert.deepEqual(
      (await messages(chat)).map(({ Id }) => Id),
      [data.Id],
    );
    assert.equal((await chat.contact()).requests.SendMessage, 2);
  });

  behaviour('errors', `${answer.status} each time: three attempts, then the error`, async ({ connectedChat }) => {
    const chat = await connectedChat();
    await fault(chat, { answer }, 3);
    const { stack, ...reason } = await chat.rejection('sendMessage', { ...hello, metadata: { mine: 1 } });
    assert.deepEqual(reason, {
      type: answer.error_type,
      message: answer.message,
      statusCode: answer.status,
      metadata: { mine: 1 },
    });
    assert.equal((await chat.contact()).requests.SendMessage, 3);
    assert.deepEqual(await messages(chat), []);
    // Nothing is left of it.
    await chat.call('sendMessage', hello);
  });
}

for (const [title, argument] of [
  ['a message that is too long', { ...hello, message: 'x'.repeat(16_385) }],
  ['an empty message', { ...hello, message: '' }],
]) {
  behaviour('errors', `${title} is refused at once`, async ({ connectedChat }) => {
    const chat = await connectedChat();
    const { type, statusCode, message } = await chat.rejection('sendMessage', argument);
    assert.deepEqual({ type, statusCode }, { type: 'ValidationException', statusCode: 400 });
    assert.ok(message.length > 0);
    assert.equal((await chat.contact()).requests.SendMessage, 1);
  });
}

behaviour('errors', 'a receipt for no message is refused', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const { type, statusCode } = await chat.rejection('sendEvent', {
    contentType: 'application/vnd.amazonaws.connect.event.message.delivered',
    content: JSON.stringify({ messageId: 'unknown' }),
  });
  assert.deepEqual({ type, statusCode }, { type: 'ValidationException', statusCode: 400 });
});

behaviour('errors', 'a receipt among more than two is a conflict', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const { item } = await chat.agent('message', { content: 'Hello' });
  await chat.control('POST', '/agent/join', { display_name: 'Kim' });
  const { type, statusCode } = await chat.rejection('sendEvent', {
    contentType: 'application/vnd.amazonaws.connect.event.message.read',
    content: JSON.stringify({ messageId: item.Id }),
  });
  assert.deepEqual({ type, statusCode }, { type: 'ConflictException', statusCode: 409 });
});

behaviour('errors', 'a connection token that has expired is denied', async ({ simulator, openChat }) => {
  const chat = await openChat();
  await simulator.control('POST', '/faults', { effect: { short_token: { lifetime_ms: 120_000 } } });
  await chat.connect();
  await chat.call('sendMessage', hello);
  await simulator.control('POST', '/clock', { advance_ms: 120_000 });
  const { type, statusCode } = await chat.rejection('sendMessage', hello);
  assert.deepEqual({ type, statusCode }, { type: 'AccessDeniedException', statusCode: 403 });
});

behaviour('errors', 'an answer that is not in the form of the service', async ({ connectedChat }) => {
  const chat = await connectedChat();
  await fault(chat, { answer_raw: { status: 502, content_type: 'text/html', body: '<h1>Bad gateway</h1>' } }, 1);
  // It cannot read it, and so does not learn the status.
  const { type, statusCode } = await chat.rejection('sendMessage', hello);
  assert.deepEqual({ type, statusCode }, { type: 'SyntaxError', statusCode: undefined });
  assert.equal((await chat.contact()).requests.SendMessage, 1);
});

behaviour('errors', 'a request without an answer', async ({ connectedChat }) => {
  const chat = await connectedChat();
  await fault(chat, 'drop_request', 3);
  const { type, statusCode } = await chat.rejection('sendMessage', hello);
  assert.deepEqual({ type, statusCode }, { type: 'TypeError', statusCode: undefined });
  assert.deepEqual(await messages(chat), []);
});
