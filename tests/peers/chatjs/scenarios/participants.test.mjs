// Those who come, go, are idle, and change their names.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';
import { assertFetched, assertItem, from, fromCustomer } from '../peer/checks.mjs';

const contentType = (name) => `application/vnd.amazonaws.connect.event.${name}`;
const minute = 60_000;

behaviour('participant events', 'an agent joins and leaves, and another comes', async ({ connectedChat }) => {
  const chat = await connectedChat();
  for (const DisplayName of ['Jo', 'Kim']) {
    const { participant_id: ParticipantId } = await chat.agent('join', { display_name: DisplayName });
    const agent = from(chat, { ParticipantId, ParticipantRole: 'AGENT', DisplayName });
    for (const name of ['participant.joined', 'participant.left']) {
      const ContentType = contentType(name);
      const item = await chat.message({ ContentType, ParticipantId });
      assertItem(item, { Type: 'EVENT', ContentType, ...agent });
      assert.deepEqual((await chat.stored()).at(-1), item);
      if (name === 'participant.joined') await chat.agent('leave');
    }
  }
});

for (const [name, event, type, stored] of [
  ['participant_idle', 'ParticipantIdle', 'participant.idle', false],
  ['participant_returned', 'ParticipantReturned', 'participant.returned', false],
  ['participant_invited', 'ParticipantInvited', 'participant.invited', true],
  ['auto_disconnection', 'AutoDisconnection', 'participant.autodisconnection', false],
  ['transfer_succeeded', 'Message', 'transfer.succeeded', true],
  ['transfer_failed', 'Message', 'transfer.failed', true],
  ['chat_rehydrated', 'ChatRehydrated', 'chat.rehydrated', false],
]) {
  behaviour('participant events', `${name} is told of${stored ? ' and stored' : ''}`, async ({ connectedChat }) => {
    const chat = await connectedChat();
    const { item } = await chat.control('POST', '/events', { name });
    const received = await chat.event(event, ({ Id }) => Id === item.Id);
    assertItem(received, { Type: 'EVENT', ContentType: contentType(type), ...fromCustomer(chat) });
    assert.equal(
      (await chat.stored()).some(({ Id }) => Id === item.Id),
      stored,
    );
  });
}

behaviour('participant events', 'an event can be about the agent', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const { participant_id } = await chat.agent('join', { display_name: 'Jo' });
  await chat.control('POST', '/events', { name: 'participant_idle', about: 'AGENT' });
  const item = await chat.event('ParticipantIdle');
  assert.equal(item.ParticipantId, participant_id);
  assert.equal(item.ParticipantRole, 'AGENT');
});

behaviour('participant events', 'a new name is told of, and is on what follows', async ({ connectedChat }) => {
  const chat = await connectedChat();
  await chat.control('POST', '/events', { name: { display_name_updated: 'Ana B.' } });
  const item = await chat.event('ParticipantDisplayNameUpdated');
  assertItem(item, {
    Type: 'EVENT',
    ContentType: contentType('participant.displayname.updated'),
    ...fromCustomer(chat, 'Ana B.'),
  });
  const { data } = await chat.send('It is me');
  assert.equal((await chat.message({ Id: data.Id })).DisplayName, 'Ana B.');
});

behaviour('participant events', 'idle timers run, and what the customer says resets them', async (world) => {
  const { simulator, connectedChat } = world;
  const chat = await connectedChat();
  const config = (TimerType, minutes) => ({
    ParticipantRole: 'CUSTOMER',
    TimerType,
    TimerValue: { ParticipantTimerDurationInMinutes: minutes },
  });
  const response = await fetch(`${simulator.endpoint}/contact/participant-role-config/local/${chat.contactId}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      ChannelConfiguration: {
        Chat: { ParticipantTimerConfigList: [config('IDLE', 2), config('DISCONNECT_NONCUSTOMER', 3)] },
      },
    }),
  });
  assert.equal(response.status, 200);
  await chat.agent('join', { display_name: 'Jo' });
  const pass = (minutes) => simulator.control('POST', '/clock', { advance_ms: minutes * minute });
  const isOfCustomer = ({ ParticipantId }) => ParticipantId === chat.participantId;

  await pass(2);
  await chat.event('ParticipantIdle', isOfCustomer);
  await chat.send('I am here');
  await chat.event('ParticipantReturned', isOfCustomer);
  await pass(2);
  await chat.until(async () => (await chat.received('ParticipantIdle')).length === 2, 'idle again');
  await pass(3);
  await chat.event('AutoDisconnection', isOfCustomer);
  await chat.message({ ContentType: contentType('participant.left'), DisplayName: 'Jo' });
  await chat.send('Still here');
});

behaviour('participant events', 'a transfer: the chat goes on with another contact id', async ({ connectedChat }) => {
  const chat = await connectedChat();
  await chat.agent('message', { content: 'I hand you over' });
  const { contact_id } = await chat.control('POST', '/transfer', { to_agent: 'Kim' });
  assert.notEqual(contact_id, chat.contactId);
  const { DisplayName, ContactId } = await chat.message({ ContentType: contentType('transfer.succeeded') });
  assert.equal(DisplayName, 'Agent');
  assert.equal(ContactId, chat.contactId);
  await chat.agent('join', { display_name: 'Kim' });
  const { item } = await chat.agent('message', { content: 'Hello, I am Kim' });
  const received = await chat.message({ Id: item.Id });
  assert.equal(received.ContactId, contact_id);
  assert.equal(received.InitialContactId, chat.contactId);
  const { data } = await chat.send('Hello Kim');
  assert.equal((await chat.message({ Id: data.Id })).ContactId, contact_id);
  // Each contact of the chain has its own part of the transcript.
  const stored = await chat.stored();
  for (const contactId of [chat.contactId, contact_id]) {
    const answer = await chat.call('getTranscript', { contactId, maxResults: 100 });
    assertFetched(
      answer.data.Transcript,
      stored.filter((entry) => entry.ContactId === contactId),
    );
  }
});
