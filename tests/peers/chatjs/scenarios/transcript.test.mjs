// The transcript: pages both ways, both orders, every start position.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';
import { assertFetched } from '../peer/checks.mjs';

async function chatWithMessages(connectedChat, count) {
  const chat = await connectedChat();
  for (let number = 1; number <= count; number++) await chat.agent('message', { content: `${number}` });
  // The customer and the agent have joined.
  const stored = await chat.stored();
  assert.equal(stored.length, count + 2);
  return { chat, stored };
}

async function page(chat, argument) {
  const { data } = await chat.call('getTranscript', argument);
  assert.equal(data.InitialContactId, chat.contactId);
  return data;
}

behaviour('transcript', 'what ChatJS asks for by itself: the last 15, oldest first', async ({ connectedChat }) => {
  const { chat, stored } = await chatWithMessages(connectedChat, 20);
  const { Transcript, NextToken } = await page(chat, {});
  assertFetched(Transcript, stored.slice(-15));
  assert.equal(typeof NextToken, 'string');
});

behaviour('transcript', 'newest first with DESCENDING', async ({ connectedChat }) => {
  const { chat, stored } = await chatWithMessages(connectedChat, 5);
  const { Transcript, NextToken } = await page(chat, { sortOrder: 'DESCENDING', maxResults: 100 });
  assertFetched(Transcript, stored.toReversed());
  assert.equal(NextToken, undefined);
});

for (const [scanDirection, sortOrder] of [
  ['BACKWARD', 'ASCENDING'],
  ['BACKWARD', 'DESCENDING'],
  ['FORWARD', 'ASCENDING'],
  ['FORWARD', 'DESCENDING'],
]) {
  behaviour('paging', `all pages, ${scanDirection} and ${sortOrder}`, async ({ connectedChat }) => {
    const { chat, stored } = await chatWithMessages(connectedChat, 23);
    const startPosition = scanDirection === 'FORWARD' ? { id: stored[0].Id } : undefined;
    const pages = [];
    for (let nextToken; pages.length < 9; ) {
      // A token stands for the start as well.
      const start = nextToken ? { nextToken } : { startPosition };
      const { Transcript, NextToken } = await page(chat, { scanDirection, sortOrder, maxResults: 7, ...start });
      pages.push(sortOrder === 'ASCENDING' ? Transcript : Transcript.toReversed());
      if (!NextToken) break;
      nextToken = NextToken;
    }
    assert.deepEqual(
      pages.map(({ length }) => length),
      [7, 7, 7, 4],
    );
    if (scanDirection === 'BACKWARD') pages.reverse();
    assertFetched(pages.flat(), stored);
  });
}

behaviour('paging', 'a start by id, by time and by most recent', async ({ connectedChat }) => {
  const { chat, stored } = await chatWithMessages(connectedChat, 10);
  const { Id, AbsoluteTime } = stored[4];
  for (const startPosition of [{ id: Id }, { absoluteTime: AbsoluteTime }, { mostRecent: stored.length - 4 }]) {
    const forward = await page(chat, { scanDirection: 'FORWARD', startPosition, maxResults: 3 });
    assertFetched(forward.Transcript, stored.slice(4, 7), JSON.stringify(startPosition));
    const backward = await page(chat, { scanDirection: 'BACKWARD', startPosition, maxResults: 3 });
    assertFetched(backward.Transcript, stored.slice(2, 5), JSON.stringify(startPosition));
  }
});

behaviour('paging', 'pages stay what they are while messages come in', async ({ connectedChat }) => {
  const { chat, stored } = await chatWithMessages(connectedChat, 10);
  const first = await page(chat, { maxResults: 5 });
  await chat.agent('message', { content: 'later' });
  const second = await page(chat, { maxResults: 7, nextToken: first.NextToken });
  assertFetched([...second.Transcript, ...first.Transcript], stored);
  assert.equal(second.NextToken, undefined);
});

behaviour('transcript', 'receipts are in it', async ({ connectedChat }) => {
  const chat = await connectedChat();
  await chat.agent('join', { display_name: 'Jo' });
  const { data } = await chat.send('Read me');
  await chat.agent('read', { message_id: data.Id });
  const { Transcript } = await page(chat, {});
  const [receipt] = Transcript.filter((item) => item.Type === 'MESSAGEMETADATA');
  assert.equal(receipt.MessageMetadata.MessageId, data.Id);
  assert.equal(receipt.MessageMetadata.Receipts[0].ReadTimestamp, receipt.AbsoluteTime);
});

behaviour('transcript', "ChatJS's own list of the chat follows what happens", async ({ openChat }) => {
  const chat = await openChat({}, { followTranscript: true });
  await chat.agent('message', { content: 'before' });
  await chat.connect();
  // It asks for the transcript when it is connected.
  await chat.event('TranscriptUpdated', ({ transcript }) => transcript.at(-1)?.Content === 'before');
  const { data } = await chat.send('mine');
  await chat.message({ Id: data.Id });
  const { item } = await chat.agent('message', { content: 'after' });
  const update = await chat.event('TranscriptUpdated', ({ transcript }) => transcript.at(-1)?.Id === item.Id);
  assert.deepEqual(
    update.transcript.filter(({ Type }) => Type === 'MESSAGE').map(({ Content }) => Content),
    ['before', 'mine', 'after'],
  );
});

behaviour('transcript', 'a token that is not one is refused', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const { type, statusCode } = await chat.rejection('getTranscript', { nextToken: 'made-up' });
  assert.deepEqual({ type, statusCode }, { type: 'ValidationException', statusCode: 400 });
});
