// Messages both ways: every member, every content type, sizes, order.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';
import { assertItem, from, fromCustomer } from '../peer/checks.mjs';

for (const [ContentType, content] of [
  ['text/plain', 'Grüße, 你好 👋\n"quoted" \\ \u0000'],
  ['text/markdown', '**bold** and [a link](https://example.com/?a=1&b=2)'],
  ['application/json', '{"a":[1,2.5,null]}'],
]) {
  behaviour('messages', `a customer's ${ContentType} comes back and is stored`, async ({ connectedChat }) => {
    const chat = await connectedChat();
    const { data } = await chat.send(content, ContentType);
    const item = await chat.message({ Id: data.Id });
    assertItem(item, { Type: 'MESSAGE', ContentType, Content: content, ...fromCustomer(chat) });
    assert.equal(data.AbsoluteTime, item.AbsoluteTime);
    // A header, which a page can read only where the service lets it.
    assert.equal(typeof data.$metadata.requestId, 'string');
    assert.deepEqual((await chat.stored()).at(-1), item);
  });
}

behaviour('messages', "an agent's message arrives", async ({ connectedChat }) => {
  const chat = await connectedChat();
  const { participant_id } = await chat.agent('join', { display_name: 'Jo' });
  const { item } = await chat.agent('message', { content: 'Hello' });
  const received = await chat.message({ Id: item.Id });
  assert.deepEqual(received, item);
  assertItem(received, {
    Type: 'MESSAGE',
    ContentType: 'text/plain',
    Content: 'Hello',
    ...from(chat, { ParticipantId: participant_id, ParticipantRole: 'AGENT', DisplayName: 'Jo' }),
  });
});

behaviour('messages', 'the longest message passes both ways', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const content = 'é'.repeat(8_192);
  const { data } = await chat.send(content);
  assert.equal((await chat.message({ Id: data.Id })).Content, content);
  const { item } = await chat.agent('message', { content });
  assert.equal((await chat.message({ Id: item.Id })).Content, content);
});

behaviour('messages', 'a hundred messages of both sides arrive once each and in order', async ({ connectedChat }) => {
  const chat = await connectedChat();
  for (let number = 0; number < 50; number++) {
    await Promise.all([chat.send(`customer ${number}`), chat.agent('message', { content: `agent ${number}` })]);
  }
  const messages = async () => (await chat.received('Message')).filter((item) => item.Type === 'MESSAGE');
  await chat.until(async () => (await messages()).length >= 100, 'a hundred messages');
  assert.deepEqual(
    await messages(),
    (await chat.stored()).filter((item) => item.Type === 'MESSAGE'),
  );
});

for (const [content, status] of [
  ['fine', undefined],
  ['#failed#', 'FAILED'],
  ['#rejected#', 'REJECTED'],
]) {
  behaviour(
    'messages',
    `one that is looked at first comes ${status ? `back as ${status}, to its sender only` : 'when that is done'}`,
    async (world) => {
      const chat = await world.connectedChat();
      const seat = await chat.control('POST', '/seats', { display_name: 'Jo', role: 'AGENT' });
      const agent = await world.openSession(
        { contactId: seat.contact_id, participantId: seat.participant_id, participantToken: seat.participant_token },
        { type: 'AGENT', page: await world.openPage() },
      );
      await agent.connect();
      // The answer says PROCESSING, which ChatJS's version of the SDK does not know and drops.
      const { data } = await chat.send(content);
      const item = await chat.message({ Id: data.Id });
      assert.equal(item.Content, content);
      assert.ok(item.AbsoluteTime > data.AbsoluteTime);
      assert.equal(item.MessageMetadata?.MessageProcessingStatus, status);
      const next = (await agent.send('next')).data;
      await agent.message({ Id: next.Id });
      const heard = (await agent.received('Message')).some(({ Id }) => Id === data.Id);
      assert.equal(heard, status === undefined);
    },
    { simulate: ['--set', 'message_processing_ms=200'] },
  );
}
