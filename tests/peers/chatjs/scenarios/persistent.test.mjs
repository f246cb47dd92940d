// Persistent chat: a chat that continues earlier ones.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';
import { assertFetched } from '../peer/checks.mjs';

const past = ({ ContactId, ...item }) => ({ ...item, RelatedContactId: ContactId });

async function endedChat(connectedChat, ...messages) {
  const chat = await connectedChat();
  await chat.agent('join', { display_name: 'Jo' });
  for (const content of messages) await chat.agent('message', { content });
  return chat;
}

async function end(chat) {
  await chat.control('POST', '/end', {});
  await chat.event('Ended');
  return chat.stored();
}

/** Everything the transcript has, page by page, oldest first. */
async function wholeTranscript(chat, maxResults) {
  const pages = [];
  for (let nextToken; ; ) {
    const { data } = await chat.call('getTranscript', { maxResults, nextToken });
    pages.unshift(data.Transcript);
    nextToken = data.NextToken;
    if (!nextToken) return pages.flat();
  }
}

behaviour('persistent chat', 'all of the past session is in the transcript', async ({ connectedChat }) => {
  const first = await endedChat(connectedChat, 'one', 'two', 'three');
  const items = await end(first);
  const chat = await connectedChat({
    PersistentChat: { RehydrationType: 'ENTIRE_PAST_SESSION', SourceContactId: first.contactId },
  });
  const rehydrated = await chat.event('ChatRehydrated');
  assert.equal(rehydrated.ContentType, 'application/vnd.amazonaws.connect.event.chat.rehydrated');
  assert.equal((await chat.contact()).continued_from, first.contactId);
  await chat.agent('message', { content: 'four' });
  const expected = [...items.map(past), ...(await chat.stored())];
  assertFetched(await wholeTranscript(chat, 2), expected);
  assertFetched(await wholeTranscript(chat, 100), expected);
});

behaviour('persistent chat', 'a chain of chats is continued as a whole', async ({ connectedChat }) => {
  const first = await endedChat(connectedChat, 'one');
  const oldest = await end(first);
  const second = await connectedChat({
    PersistentChat: { RehydrationType: 'ENTIRE_PAST_SESSION', SourceContactId: first.contactId },
  });
  await second.agent('message', { content: 'two' });
  const older = await end(second);
  const third = await connectedChat({
    PersistentChat: { RehydrationType: 'ENTIRE_PAST_SESSION', SourceContactId: second.contactId },
  });
  assertFetched(await wholeTranscript(third, 3), [...oldest.map(past), ...older.map(past), ...(await third.stored())]);
});

behaviour('persistent chat', 'of a segment, what came later is left out', async ({ connectedChat }) => {
  const first = await endedChat(connectedChat, 'one', 'two');
  await first.control('POST', '/transfer', { to_agent: 'Kim' });
  await first.agent('message', { content: 'three' });
  const items = await end(first);
  const segment = items.filter(({ ContactId }) => ContactId === first.contactId);
  assert.ok(segment.length < items.length);
  const chat = await connectedChat({
    PersistentChat: { RehydrationType: 'FROM_SEGMENT', SourceContactId: first.contactId },
  });
  await chat.event('ChatRehydrated');
  assertFetched(await wholeTranscript(chat, 100), [...segment.map(past), ...(await chat.stored())]);
});

behaviour('persistent chat', 'a chat that goes on cannot be continued', async ({ simulator, connectedChat }) => {
  const first = await connectedChat();
  const PersistentChat = { RehydrationType: 'ENTIRE_PAST_SESSION', SourceContactId: first.contactId };
  await assert.rejects(simulator.startChat({ PersistentChat }), { status: 400 });
});
