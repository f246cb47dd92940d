// Typing, both ways.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';
import { assertItem, from, fromCustomer } from '../peer/checks.mjs';

const ContentType = 'application/vnd.amazonaws.connect.event.typing';

behaviour('typing', 'an agent is seen typing', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const { participant_id } = await chat.agent('join', { display_name: 'Jo' });
  await chat.agent('typing');
  assertItem(await chat.event('Typing'), {
    Type: 'EVENT',
    ContentType,
    ...from(chat, { ParticipantId: participant_id, ParticipantRole: 'AGENT', DisplayName: 'Jo' }),
  });
});

behaviour('typing', "a customer's typing is published and not stored", async ({ connectedChat }) => {
  const chat = await connectedChat();
  const { data } = await chat.call('sendEvent', { contentType: ContentType });
  const item = await chat.publishedItem(data.Id);
  assertItem(item, { Type: 'EVENT', ContentType, ...fromCustomer(chat) });
  assert.equal(item.AbsoluteTime, data.AbsoluteTime);
  assert.deepEqual(await chat.event('Typing'), item);
  assert.ok((await chat.stored()).every((stored) => stored.Id !== data.Id));
});
