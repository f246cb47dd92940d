// Views: forms that the flow shows, and what the customer answers.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';

const view = {
  id: 'aws-managed:Form/1$',
  name: 'Address',
  version: 3,
  input_schema: '{"type":"object"}',
  template: '{"Head":{"Title":"Address"}}',
  actions: ['Submit', 'Back'],
};

async function shownView(chat) {
  const { item } = await chat.control('POST', '/bot/view', view);
  const received = await chat.message({ Id: item.Id });
  assert.deepEqual(received, item);
  assert.equal(received.ContentType, 'application/vnd.amazonaws.connect.message.interactive');
  assert.equal(received.ParticipantRole, 'SYSTEM');
  const { templateType, data } = JSON.parse(received.Content);
  assert.equal(templateType, 'ViewResource');
  assert.equal(data.content.viewId, view.id);
  return data.content.viewToken;
}

behaviour('view', 'its token, whatever it contains, is good for its description', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const viewToken = await shownView(chat);
  // Characters that have to be escaped in a path.
  assert.match(viewToken, /[/+=]/);
  const { data } = await chat.call('describeView', { viewToken });
  const { Arn, ...rest } = data.View;
  assert.match(Arn, /^arn:aws:connect:/);
  assert.deepEqual(rest, {
    Id: view.id,
    Name: view.name,
    Version: view.version,
    Content: { InputSchema: view.input_schema, Template: view.template, Actions: view.actions },
  });
});

behaviour('view', "the customer's answer arrives", async ({ connectedChat }) => {
  const chat = await connectedChat();
  await shownView(chat);
  const contentType = 'application/vnd.amazonaws.connect.message.interactive.response';
  const answer = { templateType: 'ViewResource', version: '1.0', action: 'Submit', data: { street: 'High St. 1' } };
  const { data } = await chat.send(JSON.stringify(answer), contentType);
  const item = (await chat.stored()).find(({ Id }) => Id === data.Id);
  assert.equal(item.ContentType, contentType);
  assert.deepEqual(JSON.parse(item.Content), answer);
});

behaviour('view', 'a token that is not known is not found', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const { type, statusCode } = await chat.rejection('describeView', { viewToken: 'a/b+c=' });
  assert.deepEqual({ type, statusCode }, { type: 'ResourceNotFoundException', statusCode: 404 });
});
