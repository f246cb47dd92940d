// What StartChatContact says of a chat, as ChatJS sees it.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';
import { assertFetched, assertItem, fromCustomer } from '../peer/checks.mjs';

behaviour('start chat', 'the initial message is the first of the transcript', async ({ connectedChat }) => {
  const InitialMessage = { ContentType: 'text/markdown', Content: '*Hello*' };
  const chat = await connectedChat({ InitialMessage });
  const { data } = await chat.call('getTranscript', {});
  const [item] = (await chat.stored()).filter(({ Type }) => Type === 'MESSAGE');
  assertItem(item, { Type: 'MESSAGE', ...InitialMessage, ...fromCustomer(chat) });
  assertFetched(
    data.Transcript.filter(({ Type }) => Type === 'MESSAGE'),
    [item],
  );
});

behaviour('start chat', 'content types that are not supported are refused', async ({ connectedChat }) => {
  const chat = await connectedChat({ SupportedMessagingContentTypes: ['text/plain'] });
  await chat.send('plain');
  const { type, statusCode } = await chat.rejection('sendMessage', { message: '*x*', contentType: 'text/markdown' });
  assert.deepEqual({ type, statusCode }, { type: 'ValidationException', statusCode: 400 });
});

behaviour('start chat', 'the control API starts one as well', async ({ simulator, openSession }) => {
  const answer = await simulator.control('POST', '/contacts', { display_name: 'Bo' });
  const chat = await openSession({
    contactId: answer.contact_id,
    participantId: answer.participant_id,
    participantToken: answer.participant_token,
  });
  await chat.connect();
  const { data } = await chat.send('Hello');
  assert.equal((await chat.message({ Id: data.Id })).DisplayName, 'Bo');
});
