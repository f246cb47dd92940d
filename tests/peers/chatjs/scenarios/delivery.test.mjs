// Items that come twice, late, in another order or not at all, and frames that are none of the chat's.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';
import { assertFetched } from '../peer/checks.mjs';

/** A chat with an agent in it, and what befalls the next item. */
async function chatWithFault(connectedChat, effect) {
  const chat = await connectedChat();
  await chat.agent('join', { display_name: 'Jo' });
  await chat.message({ ParticipantRole: 'AGENT' });
  await chat.simulator.control('POST', '/faults', { effect, contact: chat.contactId, times: 1 });
  return chat;
}

const say = async (chat, content) => (await chat.agent('message', { content })).item;

const messages = async (chat) => (await chat.received('Message')).filter(({ Type }) => Type === 'MESSAGE');

behaviour('messages', 'what is sent twice is raised twice', async ({ connectedChat }) => {
  const chat = await chatWithFault(connectedChat, 'duplicate_items');
  const item = await say(chat, 'twice');
  await chat.until(async () => (await messages(chat)).length === 2, 'two copies');
  assert.deepEqual(await messages(chat), [item, item]);
});

behaviour('messages', 'what comes in another order is raised in that order', async ({ connectedChat }) => {
  const chat = await chatWithFault(connectedChat, { reorder_items: { within_ms: 5_000 } });
  const items = [await say(chat, 'one'), await say(chat, 'two')];
  await chat.message({ Id: items[0].Id });
  assert.deepEqual(await messages(chat), items.toReversed());
  assert.ok(items[0].AbsoluteTime < items[1].AbsoluteTime);
});

behaviour('messages', 'what is delayed comes after what was said later', async ({ connectedChat }) => {
  const chat = await chatWithFault(connectedChat, { delay_items: { by_ms: 1_500 } });
  const items = [await say(chat, 'one'), await say(chat, 'two')];
  await chat.message({ Id: items[0].Id });
  assert.deepEqual(await messages(chat), items.toReversed());
});

behaviour('messages', 'what does not get through is in the transcript', async ({ connectedChat }) => {
  const chat = await chatWithFault(connectedChat, 'drop_items');
  const items = [await say(chat, 'one'), await say(chat, 'two')];
  await chat.message({ Id: items[1].Id });
  assert.deepEqual(await messages(chat), [items[1]]);
  const { data } = await chat.call('getTranscript', {});
  assertFetched(
    data.Transcript.filter(({ Type }) => Type === 'MESSAGE'),
    items,
  );
});

behaviour('messages', 'a frame without a topic does no harm', async ({ connectedChat }) => {
  const text = JSON.stringify({ message: 'Forbidden', connectionId: 'x', requestId: 'y' });
  const chat = await chatWithFault(connectedChat, { raw_frame: { text } });
  const item = await say(chat, 'still here');
  assert.deepEqual(await chat.message({ Id: item.Id }), item);
  assert.equal((await chat.simulator.control('GET', '/state')).faults_struck.raw_frame, 1);
});
