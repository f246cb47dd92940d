// Messages of bots that come in chunks.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';

const chunks = ['One', ' word', ' after', ' the', ' other'];
const whole = chunks.join('');

async function stream(chat, every_ms = 30) {
  const { id } = await chat.control('POST', '/bot/stream', { chunks, every_ms });
  await chat.event('Message', ({ Id, MessageMetadata }) => Id === id && MessageMetadata?.MessageCompleted !== false);
  return { id, shown: (await chat.received('Message')).filter(({ Id }) => Id === id) };
}

behaviour('streamed message', 'the text grows chunk by chunk, and then is whole', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const { id, shown } = await stream(chat);
  const steps = chunks.map((_, index) => ({
    text: chunks.slice(0, index + 1).join(''),
    metadata: { MessageCompleted: false, ChunkNumber: index + 1 },
  }));
  steps.push({ text: whole, metadata: { MessageCompleted: true } });
  assert.deepEqual(
    shown.map(({ Content, MessageMetadata }) => ({ text: Content, metadata: MessageMetadata })),
    steps,
  );
  assert.ok(shown.every(({ ParticipantRole, Type }) => ParticipantRole === 'SYSTEM' && Type === 'MESSAGE'));
  // On the wire each chunk has what it adds, and all have one Id.
  const published = (await chat.published()).map(({ item }) => item).filter(({ Id }) => Id === id);
  assert.deepEqual(
    published.map(({ Content }) => Content),
    [...chunks, whole],
  );
});

behaviour('streamed message', 'the transcript has the whole message only', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const { id } = await stream(chat);
  const { data } = await chat.call('getTranscript', { maxResults: 100 });
  const stored = data.Transcript.filter(({ Id }) => Id === id);
  assert.equal(stored.length, 1);
  assert.equal(stored[0].Content, whole);
});

behaviour('streamed message', 'what came meanwhile is not disturbed', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const streams = [stream(chat), stream(chat, 40)];
  const { item } = await chat.agent('message', { content: 'in between' });
  for (const { shown } of await Promise.all(streams)) assert.equal(shown.at(-1).Content, whole);
  assert.deepEqual(await chat.message({ Id: item.Id }), item);
});

behaviour(
  'streamed message',
  'a customer whose ResponseMode is COMPLETE gets the whole message only',
  async ({ connectedChat }) => {
    const chat = await connectedChat({ ParticipantConfiguration: { ResponseMode: 'COMPLETE' } });
    const { shown } = await stream(chat);
    assert.equal(shown.length, 1);
    assert.equal(shown[0].Content, whole);
    assert.equal(shown[0].MessageMetadata, undefined);
  },
);
